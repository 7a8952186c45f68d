using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Logs.Sources;

/// <summary>inotify(7): the kernel tells of changed files. One thread may read while others add and remove.</summary>
internal sealed partial class Inotify : IDisposable
{
    /// <summary>The file was written to.</summary>
    public const uint Modified = 0x2;

    /// <summary>A name came into the directory.</summary>
    public const uint Arrived = 0x80 | 0x100;

    /// <summary>The file itself was moved or removed.</summary>
    public const uint SelfGone = 0x400 | 0x800;

    /// <summary>Events were lost: anything may have changed.</summary>
    public const uint Overflow = 0x4000;

    /// <summary>The watch is gone.</summary>
    public const uint Ignored = 0x8000;

    private const int CloseOnExec = 0x80000;
    private const int HeadBytes = 16;

    private readonly SafeFileHandle _queue;
    private readonly byte[] _buffer = new byte[64 * 1024];

    private Inotify(SafeFileHandle queue) => _queue = queue;

    /// <summary>Opens a queue of events; null: the machine gives no more of them.</summary>
    public static Inotify? TryOpen()
    {
        var queue = Init(CloseOnExec);
        return queue < 0 ? null : new Inotify(new SafeFileHandle(queue, ownsHandle: true));
    }

    /// <summary>Watches a file or directory; one that is watched already keeps its number.</summary>
    /// <returns>The watch's number; negative: it is not there, or cannot be watched.</returns>
    public int Add(string path, uint events) => Add(_queue, path, events);

    /// <summary>Ends a watch; <see cref="Ignored"/> is the last that it tells.</summary>
    public void Remove(int watch) => _ = Remove(_queue, watch);

    /// <summary>Waits for events and hands them on.</summary>
    /// <param name="each">Told the watch's number, and what happened.</param>
    /// <exception cref="IOException">The queue cannot be read.</exception>
    public void Read(Action<int, uint> each)
    {
        var count = (int)Read(_queue, _buffer, _buffer.Length);
        if (count < 0)
        {
            const int interrupted = 4;
            var error = Marshal.GetLastPInvokeError();
            if (error != interrupted)
            {
                throw new IOException("inotify cannot be read", new Win32Exception(error));
            }
        }

        for (var at = 0; at + HeadBytes <= count;)
        {
            var head = MemoryMarshal.Cast<byte, uint>(_buffer.AsSpan(at, HeadBytes));
            each((int)head[0], head[1]);
            at += HeadBytes + (int)head[3];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Init(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Add(SafeFileHandle queue, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int Remove(SafeFileHandle queue, int watch);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle queue, [Out] byte[] buffer, nint count);
}
