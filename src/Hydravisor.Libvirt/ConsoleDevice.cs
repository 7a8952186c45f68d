using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Libvirt;

/// <summary>The host's end of a domain's console, a pseudo terminal (pty(7)), open for writing. Not safe for several threads.</summary>
/// <remarks>
/// What is written is what the guest reads: QEMU makes its pseudo terminals raw. It never becomes this process's controlling terminal, and nothing here blocks.
/// </remarks>
public sealed partial class ConsoleDevice : IDisposable
{
    private const int WriteOnly = 0x1;
    private const int NoControllingTerminal = 0x100;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int InterruptedError = 4;
    private const int AgainError = 11;

    private readonly string _path;
    private readonly SafeFileHandle _handle;

    private ConsoleDevice(string path, SafeFileHandle handle) => (_path, _handle) = (path, handle);

    /// <summary>Opens one.</summary>
    /// <param name="path">Its path, <c>/dev/pts/…</c>.</param>
    /// <exception cref="IOException">It is not there, or this process may not.</exception>
    public static ConsoleDevice Open(string path)
    {
        var handle = OpenFile(path, WriteOnly | NoControllingTerminal | NonBlocking | CloseOnExec);
        if (!handle.IsInvalid)
        {
            return new ConsoleDevice(path, handle);
        }

        var why = new Win32Exception(Marshal.GetLastPInvokeError());
        handle.Dispose();
        throw new IOException($"{path} cannot be opened: {why.Message}", why);
    }

    /// <summary>Writes as much as there is room for now.</summary>
    /// <returns>How many bytes; 0 where there is no room, since the guest does not read.</returns>
    /// <exception cref="IOException">The console is gone.</exception>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        var written = WriteFile(_handle, bytes, (nuint)bytes.Length);
        if (written >= 0)
        {
            return (int)written;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is AgainError or InterruptedError ? 0 : throw new IOException($"{_path} cannot be written to: {new Win32Exception(error).Message}");
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteFile(SafeFileHandle handle, ReadOnlySpan<byte> bytes, nuint count);
}
