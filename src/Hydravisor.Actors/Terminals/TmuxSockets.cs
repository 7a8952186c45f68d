using System.Net.Sockets;
using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals;

/// <summary>The directory of the tmux servers' sockets: one socket, and so one server, per VM.</summary>
/// <remarks>Who may write to a tmux socket may run programs as its owner, so the directory is closed to all others.</remarks>
internal sealed class TmuxSockets
{
    // sun_path holds 108 bytes with its final zero.
    private const int PathBytesMax = 107;

    private const string Extension = ".sock";

    private static readonly int NameBytesMax = "vm-".Length + Limits.InstanceIdHexDigitsMax + Extension.Length;

    private readonly string _directory;

    /// <summary>Makes the directory where it is missing, and closes it to others.</summary>
    /// <exception cref="ArgumentException">Its path is too long for a socket in it.</exception>
    public TmuxSockets(string directory)
    {
        _directory = Path.GetFullPath(directory);
        var room = PathBytesMax - NameBytesMax - 1;
        var bytes = Encoding.UTF8.GetByteCount(_directory);
        if (bytes > room)
        {
            throw new ArgumentException(
                $"The directory for terminal sockets '{_directory}' is {bytes} bytes long; a socket's path may have {PathBytesMax} bytes, "
                + $"which leaves {room} for the directory. Choose a shorter one, for example under /run.",
                nameof(directory));
        }

        Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.SetUnixFileMode(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The VM's socket.</summary>
    public string PathOf(InstanceId id) => Path.Combine(_directory, id.Value + Extension);

    /// <summary>The VMs that have a socket.</summary>
    public IReadOnlyList<InstanceId> List() =>
        [.. Directory.EnumerateFileSystemEntries(_directory, "*" + Extension)
            .Select(file => InstanceId.TryParse(Path.GetFileNameWithoutExtension(file), out var id) ? id : null)
            .OfType<InstanceId>()];

    /// <summary>Whether a server listens on the socket. A server that was killed leaves the file behind and does not.</summary>
    public static bool IsListening(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
