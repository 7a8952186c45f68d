using System.Net.Sockets;

namespace Hydravisor.Actors.Logs.Sources;

/// <summary>
/// The flow control of a guest's log port: what the guest writes stands in a file, from where it is taken, and comes here too, where it is only read away, and never more
/// than a window ahead of what was stored. So a guest that floods its port waits in its own write, and the file is never turned over before it was read.
/// </summary>
/// <remarks>One connection. Not thread-safe, but for the call that says that there is something to read.</remarks>
internal sealed class PortDrain : IDisposable
{
    private const int ReadsMax = 16;

    private readonly Socket _socket;
    private readonly Action _readable;
    private int _isWaiting;

    private PortDrain(Socket socket, Action readable) => (_socket, _readable) = (socket, readable);

    /// <summary>Bytes that were read here and not counted as stored.</summary>
    public long AheadBytes { get; private set; }

    /// <summary>Connects; null: nobody listens there (now).</summary>
    /// <param name="path">The socket.</param>
    /// <param name="readable">Called on a foreign thread when there is something to read, or the peer is gone.</param>
    public static PortDrain? TryConnect(string path, Action readable)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new PortDrain(socket, readable);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Counts bytes of the file that were stored.</summary>
    public void Stored(long bytes) => AheadBytes -= bytes;

    /// <summary>What was read here and not counted as stored is not waited for any more: the file does not hold it.</summary>
    public void Reset() => AheadBytes = 0;

    /// <summary>Reads away what the window allows.</summary>
    /// <param name="scratch">Where to.</param>
    /// <param name="windowBytes">How many bytes to be ahead at most.</param>
    /// <param name="more">Whether there may be more, at once.</param>
    /// <returns>False: the peer is gone.</returns>
    public bool Pump(byte[] scratch, int windowBytes, out bool more)
    {
        more = false;
        if (Volatile.Read(ref _isWaiting) != 0)
        {
            return true;
        }

        for (var reads = 0; windowBytes > AheadBytes; reads++)
        {
            if (reads == ReadsMax)
            {
                more = true;
                return true;
            }

            var count = _socket.Receive(scratch.AsSpan(0, (int)Math.Min(scratch.Length, windowBytes - AheadBytes)), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                Volatile.Write(ref _isWaiting, 1);
                _ = WaitAsync();
                return true;
            }

            if (error != SocketError.Success || count == 0)
            {
                return false;
            }

            AheadBytes += count;
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private async Task WaitAsync()
    {
        try
        {
            await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The next pump finds the same.
        }

        Volatile.Write(ref _isWaiting, 0);
        _readable();
    }
}
