using System.Net;
using System.Net.Sockets;

namespace Hydravisor.Actors.Gateway.Tls;

/// <summary>Accepts connections and shakes hands with them. Disposing of it ends both; connections that there are live on.</summary>
internal sealed class TlsListener : IDisposable
{
    // For a moment there are no files left for sockets, or no memory: whoever is let go makes room.
    private static readonly TimeSpan AcceptAgain = TimeSpan.FromMilliseconds(100);
    private readonly Socket _socket;
    private readonly TlsHandshakes _handshakes;
    private readonly TimeProvider _time;
    private readonly Action<TlsConnection> _accepted;
    private readonly Action<string> _trouble;
    private readonly CancellationTokenSource _stop = new();

    private TlsListener(Socket socket, TlsHandshakes handshakes, TimeProvider time, Action<TlsConnection> accepted, Action<string> trouble) =>
        (_socket, _handshakes, _time, _accepted, _trouble) = (socket, handshakes, time, accepted, trouble);

    /// <summary>Where it listens.</summary>
    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Begins to listen.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="backlog">How many connections the system holds until they are accepted.</param>
    /// <param name="handshakes">Shakes hands.</param>
    /// <param name="time">The clock.</param>
    /// <param name="accepted">Given each connection whose handshake is done, on any thread. Must not wait.</param>
    /// <param name="trouble">Told why nobody could be accepted for a moment.</param>
    /// <exception cref="SocketException">It cannot listen there.</exception>
    public static TlsListener Start(
        IPEndPoint listen, int backlog, TlsHandshakes handshakes, TimeProvider time, Action<TlsConnection> accepted, Action<string> trouble)
    {
        var socket = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(listen);
            socket.Listen(backlog);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var listener = new TlsListener(socket, handshakes, time, accepted, trouble);
        _ = listener.AcceptAsync();
        return listener;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Who shakes hands now is let go. The source itself holds nothing, and some may yet look at it.
        _stop.Cancel();
        _socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
                _ = ShakeHandsAsync(socket);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                _trouble(e.Message);
                await Task.Delay(AcceptAgain, _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async Task ShakeHandsAsync(Socket socket)
    {
        try
        {
            var remote = (IPEndPoint)socket.RemoteEndPoint!;
            socket.NoDelay = true;
            if (await _handshakes.RunAsync(socket, remote, _stop.Token).ConfigureAwait(false) is { } stream)
            {
                _accepted(new TlsConnection(stream, socket, remote));
            }
        }
        catch (SocketException)
        {
            // It was gone before it could be asked where it is from.
            socket.Dispose();
        }
#pragma warning disable CA1031 // Nobody else would hear of it: a defect ends this connection, and is said.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _trouble($"a handshake failed in a way that nobody thought of: {e}");
            socket.Dispose();
        }
    }
}
