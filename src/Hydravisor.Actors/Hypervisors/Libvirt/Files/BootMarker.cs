using System.Text.Json;
using Hydravisor.Actors.Files;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Files;

/// <summary>Which boot of a guest this is, and from where on its logs tell of it.</summary>
/// <param name="Incarnation">The n-th.</param>
/// <param name="ConsoleOffset">The length of the console log when it began, in bytes.</param>
/// <param name="LogOffset">The length of the guest log when it began, in bytes.</param>
internal sealed record BootMarker(long Incarnation, long ConsoleOffset, long LogOffset)
{
    /// <summary>The marker of a boot that begins now.</summary>
    public static BootMarker Now(VmPaths paths, long incarnation) => new(incarnation, Length(paths.ConsoleLog), Length(paths.GuestLog));

    /// <summary>The marker as it stands; null where there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static BootMarker? Read(VmPaths paths)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(paths.BootMarker), VmFilesJson.Default.BootMarker);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(VmPaths paths) => WholeFile.Write(paths.BootMarker, JsonSerializer.SerializeToUtf8Bytes(this, VmFilesJson.Default.BootMarker));

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
