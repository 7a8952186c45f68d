using System.Net.Sockets;

namespace Hydravisor.Actors.Hypervisors.Live;

/// <summary>A connection over a Unix socket of this machine.</summary>
/// <param name="socket">Connected; disposed of with this.</param>
internal sealed class SocketLink(Socket socket) : LiveLink
{
    /// <summary>Connects.</summary>
    /// <param name="path">The socket.</param>
    public static async Task<Outcome<LiveLink>> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path)).ConfigureAwait(false);
            return Outcome<LiveLink>.Done(new SocketLink(socket));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            return Outcome<LiveLink>.Failed($"nobody listens at {path}: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(Memory<byte> buffer) => GuardedAsync(() => socket.ReceiveAsync(buffer).AsTask());

    /// <inheritdoc/>
    public override Task WriteAsync(ReadOnlyMemory<byte> bytes) => GuardedAsync(async () =>
    {
        var left = bytes;
        while (left.Length > 0)
        {
            left = left[await socket.SendAsync(left).ConfigureAwait(false)..];
        }

        return 0;
    });

    /// <inheritdoc/>
    public override Task EndAsync() => GuardedAsync(() =>
    {
        socket.Shutdown(SocketShutdown.Send);
        return Task.FromResult(0);
    });

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<int> GuardedAsync(Func<Task<int>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException(e.Message, e);
        }
    }
}
