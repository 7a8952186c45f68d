using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>Numbers the runs of domains: each QEMU process has another number, and always the same. Safe for all threads.</summary>
/// <remarks>
/// libvirt's own number of a running domain begins anew with each daemon that finds nothing running. Process id and start time, with the
/// machine's boot id, never come again.
/// </remarks>
internal sealed class RunNumbers
{
    private const int StartField = 22;
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    private readonly string? _directory;
    private readonly string _bootId;

    private RunNumbers(string? directory)
    {
        _directory = directory;
        _bootId = directory is null ? "" : File.ReadAllText(BootIdFile).Trim();
    }

    /// <summary>The numbers of the domains behind a connection.</summary>
    /// <param name="uri">The connection. Drivers without processes are numbered by libvirt's own number.</param>
    /// <param name="runtimeDirectory">The user's directory for what lives as long as a session, for <c>qemu:///session</c>.</param>
    public static RunNumbers For(string uri, string? runtimeDirectory) => new Uri(uri) switch
    {
        { Scheme: "qemu" or "qemu+unix", AbsolutePath: "/system" } => new RunNumbers("/run/libvirt/qemu"),
        { Scheme: "qemu" or "qemu+unix" } when !string.IsNullOrEmpty(runtimeDirectory) =>
            new RunNumbers(Path.Combine(runtimeDirectory, "libvirt", "qemu", "run")),
        _ => new RunNumbers(null),
    };

    /// <summary>The number of a domain that was just looked up; null where it has no process at this moment.</summary>
    public long? Of(LibvirtDomain domain)
    {
        if (_directory is null)
        {
            return domain.Id is { } id ? id + 1L : null;
        }

        try
        {
            var process = File.ReadAllText(Path.Combine(_directory, domain.Name + ".pid")).Trim();
            return StartOf(process) is { } start ? Number($"{_bootId} {process} {start}") : null;
        }
        catch (IOException)
        {
            // There is no such file, or the process ended between the two reads.
            return null;
        }
    }

    private static string? StartOf(string process) =>
        int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? ProcessStatus.Field(id, StartField) : null;

    private static long Number(string process) =>
        Math.Max(1, BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes(process))) & long.MaxValue);
}
