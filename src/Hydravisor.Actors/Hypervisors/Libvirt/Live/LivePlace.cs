using System.Web;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Live;

/// <summary>Where the sockets of one domain are that goes to another node as it runs: on both nodes under the same name, since libvirt names them once for both. Its calls block.</summary>
/// <param name="Directory">The directory.</param>
internal sealed record LivePlace(string Directory)
{
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly string[] SocketNames = ["libvirt-sock", "virtqemud-sock"];

    /// <summary>The place of a domain.</summary>
    /// <param name="settings">The node.</param>
    /// <param name="id">The instance.</param>
    public static LivePlace Of(LibvirtSettings settings, InstanceId id) => new(Path.Combine(settings.LiveDirectory, id.Value));

    /// <summary>The socket of a channel.</summary>
    public string SocketOf(LiveChannel channel) => Path.Combine(Directory, channel switch
    {
        LiveChannel.Control => "control",
        LiveChannel.Memory => "memory",
        _ => "disks",
    });

    /// <summary>Makes the directory, empty.</summary>
    /// <param name="owner">Who may put sockets there; null: this process.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public void Make(QemuUser? owner)
    {
        Remove();
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(Directory)!);
        System.IO.Directory.CreateDirectory(Directory, OwnersOnly);
        if (owner is not null)
        {
            FileOwner.Set(Directory, owner.User, owner.Group);
        }
    }

    /// <summary>Removes it, where it is there.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be removed.</exception>
    public void Remove()
    {
        try
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // There is none.
        }
    }

    /// <summary>The socket of the daemon behind a connection's URI (libvirt.org/uri.html); null: it has none on this machine.</summary>
    /// <param name="uri">The URI.</param>
    public static string? DaemonSocket(string uri)
    {
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.Host.Length > 0 || parsed.Scheme is not ("qemu" or "qemu+unix"))
        {
            return null;
        }

        var runtime = parsed.AbsolutePath == "/system" ? "/run" : Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return HttpUtility.ParseQueryString(parsed.Query)["socket"] is { } stated ? stated
            : runtime is null ? null
            : SocketNames.Select(name => Path.Combine(runtime, "libvirt", name)).FirstOrDefault(File.Exists);
    }

    /// <summary>The URI by which a daemon reaches the one that is behind a channel's socket here.</summary>
    /// <param name="uri">That of the daemon itself.</param>
    public string ThroughHere(string uri) => $"qemu+unix://{new Uri(uri).AbsolutePath}?socket={SocketOf(LiveChannel.Control)}";
}
