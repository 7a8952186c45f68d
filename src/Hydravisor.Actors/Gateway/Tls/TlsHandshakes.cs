using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Gateway.Tls;

/// <summary>Shakes hands with those who come, so many at once. Safe for all threads.</summary>
/// <remarks>
/// An honest handshake takes milliseconds, one that is never finished its whole time. So where as many run as may, the oldest one of the address
/// with the most gives way: who holds many open hinders himself.
/// </remarks>
/// <param name="watch">How to, and what is shown.</param>
/// <param name="time">The clock.</param>
/// <param name="failed">Told with whom it failed, and why.</param>
internal sealed class TlsHandshakes(TlsWatch watch, TimeProvider time, Action<IPEndPoint, string> failed)
{
    private const byte HandshakeRecord = 22;
    private const int DroppedBytesMax = 64 * 1024;
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly List<Running> _running = [];

    /// <summary>How many run.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _running.Count;
            }
        }
    }

    /// <summary>Shakes hands.</summary>
    /// <param name="socket">Who came. It is closed here where it fails.</param>
    /// <param name="remote">From where.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>The stream, which owns the socket; null: it failed, which was told.</returns>
    public async Task<SslStream?> RunAsync(Socket socket, IPEndPoint remote, CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(watch.Settings.HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var running = new Running(remote.Address, limit);
        Enter(running);
        try
        {
            return await ShakeAsync(socket, remote, running, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            if (!stop.IsCancellationRequested)
            {
                failed(remote, running.Why ?? Reason(e));
            }

            socket.Dispose();
            return null;
        }
        finally
        {
            lock (_gate)
            {
                _running.Remove(running);
            }
        }
    }

    private async Task<SslStream?> ShakeAsync(Socket socket, IPEndPoint remote, Running running, CancellationToken cancellation)
    {
        var first = new byte[1];
        if (await socket.ReceiveAsync(first, SocketFlags.Peek, cancellation).ConfigureAwait(false) == 0)
        {
            // As those do that look whether somebody listens.
            socket.Dispose();
            return null;
        }

        if (first[0] != HandshakeRecord)
        {
            failed(remote, "it does not speak TLS");
            await socket.SendAsync(
                Line(ErrorCode.BadRequest, "this node speaks TLS 1.3 here, and nothing else: connect with TLS (hydravisor vm --tls --ca FILE)"), cancellation).ConfigureAwait(false);
            await FarewellAsync(socket, cancellation).ConfigureAwait(false);
            return null;
        }

        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false);
        try
        {
            string? refused = null;
            var options = watch.Identity.Options(why =>
            {
                refused = why;
                return true;
            });
            await stream.AuthenticateAsServerAsync(options, cancellation).ConfigureAwait(false);
            if (refused is null)
            {
                return stream;
            }

            failed(remote, refused);
            await stream.WriteAsync(Line(ErrorCode.Unauthorized, $"the connection is closed: {refused}"), cancellation).ConfigureAwait(false);
            await stream.ShutdownAsync().WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (AuthenticationException e)
        {
            // It was sent an alert, which tells it why.
            failed(remote, running.Why ?? Reason(e));
        }

        await FarewellAsync(socket, cancellation).ConfigureAwait(false);
        return null;
    }

    // A socket that is closed with bytes unread is reset, and what was said last is lost.
    private async Task FarewellAsync(Socket socket, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Farewell, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            var dropped = new byte[4096];
            for (int left = DroppedBytesMax, count = 1; left > 0 && count > 0; left -= count)
            {
                count = await socket.ReceiveAsync(dropped, either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It was told what there is to tell.
        }

        socket.Dispose();
    }

    private void Enter(Running running)
    {
        lock (_gate)
        {
            if (_running.Count >= watch.Settings.HandshakesMax)
            {
                var oldest = _running.GroupBy(each => each.Address).MaxBy(group => group.Count())!.First();
                oldest.Why = $"it was not finished, and gave way to a newer one: {_running.Count} ran, which is the most (handshakes-max)";
                _running.Remove(oldest);
                _ = oldest.Limit.CancelAsync();
            }

            _running.Add(running);
        }
    }

    private static ReadOnlyMemory<byte> Line(ErrorCode code, string message)
    {
        var line = new ArrayBufferWriter<byte>();
        LineCodec.Encode(new ErrorMessage { Code = code, Message = message }, line);
        return line.WrittenMemory;
    }

    private string Reason(Exception e) => e switch
    {
        OperationCanceledException => $"it was not finished within {watch.Settings.HandshakeTimeout.TotalSeconds:0.###} s (handshake-timeout)",
        IOException or SocketException or ObjectDisposedException => $"it broke off ({e.GetBaseException().Message})",
        _ => e.GetBaseException().Message,
    };

    /// <summary>A handshake that runs.</summary>
    private sealed class Running(IPAddress address, CancellationTokenSource limit)
    {
        /// <summary>With whom.</summary>
        public IPAddress Address { get; } = address;

        /// <summary>Ends it.</summary>
        public CancellationTokenSource Limit { get; } = limit;

        /// <summary>Why it failed, where that is known before it does.</summary>
        public string? Why { get; set; }
    }
}
