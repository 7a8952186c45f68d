using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Hydravisor.Bench.Logs;

/// <summary>epoll(7): which of many sockets have something to read, at the least cost that Linux has. For one thread.</summary>
internal sealed partial class Epoll : IDisposable
{
    private const int Add = 1;
    private const uint Readable = 1;
    private const int EventsMax = 1024;

    private readonly int _handle = Create(0);
    private readonly byte[] _events = new byte[EventsMax * 16];

    // The kernel's struct is packed on x86-64, and only there.
    private static int Size => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    /// <summary>Watches a socket.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="key">What <see cref="Wait"/> names it by.</param>
    public void Watch(Socket socket, int key)
    {
        Span<byte> wanted = stackalloc byte[16];
        MemoryMarshal.Write(wanted, Readable);
        MemoryMarshal.Write(wanted[(Size - 8)..], (long)key);
        if (Control(_handle, Add, socket.SafeHandle, wanted) != 0)
        {
            throw new InvalidOperationException($"epoll_ctl failed with {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>Waits until some have something to read.</summary>
    /// <param name="keys">Room for the keys of those.</param>
    /// <returns>How many.</returns>
    public int Wait(int[] keys)
    {
        var count = Math.Max(0, WaitFor(_handle, _events, Math.Min(keys.Length, EventsMax), -1));
        for (var i = 0; i < count; i++)
        {
            keys[i] = (int)MemoryMarshal.Read<long>(_events.AsSpan((i * Size) + Size - 8));
        }

        return count;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = Close(_handle);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, SafeHandle socket, ReadOnlySpan<byte> wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int WaitFor(int epoll, Span<byte> events, int eventsMax, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
