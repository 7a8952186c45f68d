namespace Hydravisor.Actors.Hypervisors.Libvirt.Files;

/// <summary>Files that are there whole or not at all, whenever the writer is killed.</summary>
internal static class WholeFile
{
    /// <summary>Read and written by its owner only.</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>What is half made is called.</summary>
    public static string Half(string path) => path + ".new";

    /// <summary>Writes the file: beside it first, then in its place.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var half = Half(path);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Private, BufferSize = 0 };
        using (var file = new FileStream(half, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(half, path, overwrite: true);
    }
}
