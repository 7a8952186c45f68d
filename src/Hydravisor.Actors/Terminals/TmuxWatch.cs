using System.Net.Sockets;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals;

/// <summary>Notices that a VM's tmux server ended: by a connection to it on which nothing is ever said, and no process. Safe for all threads.</summary>
/// <remarks>tmux counts a client only once it has said who it is. The first word of the server is that it goes; it then waits for all connections to end.</remarks>
/// <param name="lost">Told of each server that ended and was not forgotten.</param>
internal sealed class TmuxWatch(Action<InstanceId> lost)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<InstanceId, Socket> _sockets = [];

    /// <summary>Watches the server behind the socket, where it is not watched yet.</summary>
    public void Watch(InstanceId id, string path)
    {
        lock (_gate)
        {
            if (_sockets.ContainsKey(id))
            {
                return;
            }

            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
            }
            catch (SocketException)
            {
                // It went in this moment: whoever uses it next sees that.
                socket.Dispose();
                return;
            }

            _sockets.Add(id, socket);
            _ = FollowAsync(id, socket);
        }
    }

    /// <summary>Watches the server no more: it is about to be ended.</summary>
    public void Forget(InstanceId id)
    {
        lock (_gate)
        {
            if (_sockets.Remove(id, out var socket))
            {
                socket.Dispose();
            }
        }
    }

    private async Task FollowAsync(InstanceId id, Socket socket)
    {
        try
        {
            await socket.ReceiveAsync(new byte[1], SocketFlags.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It ended, or is watched no more.
        }

        bool was;
        lock (_gate)
        {
            was = _sockets.TryGetValue(id, out var current) && current == socket && _sockets.Remove(id);
            socket.Dispose();
        }

        if (was)
        {
            lost(id);
        }
    }
}
