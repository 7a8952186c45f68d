using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Feeds;

/// <summary>A named pipe (fifo(7)), read without waiting. Not thread-safe.</summary>
internal sealed partial class Fifo : IDisposable
{
    private const int NonBlock = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int IsThere = 17;
    private const uint OwnerOnly = 0x180;

    private readonly SafeFileHandle _pipe;

    private Fifo(SafeFileHandle pipe) => _pipe = pipe;

    /// <summary>Makes one that only its owner may use. What is there under the name stays as it is.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void Make(string path)
    {
        if (MakeFifo(path, OwnerOnly) != 0 && Marshal.GetLastPInvokeError() is var error and not IsThere)
        {
            throw new IOException($"the named pipe {path} cannot be made", new Win32Exception(error));
        }
    }

    /// <summary>Opens one to read from it; null: it is not there, or cannot be opened.</summary>
    public static Fifo? TryOpen(string path)
    {
        var pipe = Open(path, NonBlock | CloseOnExec);
        return pipe < 0 ? null : new Fifo(new SafeFileHandle(pipe, ownsHandle: true));
    }

    /// <summary>Reads what is there.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="count">How many bytes at most.</param>
    /// <returns>How many; 0: nothing is there now.</returns>
    public int Read(byte[] buffer, int count) => (int)Math.Max(0, Read(_pipe, buffer, Math.Min(count, buffer.Length)));

    /// <inheritdoc/>
    public void Dispose() => _pipe.Dispose();

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle pipe, [Out] byte[] buffer, nint count);
}
