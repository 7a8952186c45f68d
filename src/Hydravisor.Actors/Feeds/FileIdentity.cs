using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Feeds;

/// <summary>Which file it is, whatever its name is by now.</summary>
/// <param name="Inode">Its number in its file system, which is given to another file as soon as this one is gone.</param>
/// <param name="Born">When it was made, in nanoseconds of the Unix epoch, which tells such files apart; 0 where the file system does not say.</param>
internal readonly partial record struct FileIdentity(ulong Inode, long Born)
{
    private const int CurrentDirectory = -100;
    private const int OfTheHandle = 0x1000;
    private const int NoLink = 0x100;
    private const uint InodeMask = 0x100;
    private const uint SizeMask = 0x200;
    private const uint BornMask = 0x800;
    private const int NoSuchFile = 2;
    private const int NoDirectory = 20;

    /// <summary>Whether this can tell two files apart that had the same number one after the other.</summary>
    public bool IsCertain => Born != 0;

    /// <summary>The identity and the length in bytes of an open file (statx(2)).</summary>
    /// <exception cref="IOException">The file system does not answer.</exception>
    public static (FileIdentity Identity, long Length) Of(SafeFileHandle file) =>
        Ask(file, "", OfTheHandle, InodeMask | SizeMask | BornMask, out var status) == 0
            ? (Of(status), (long)status.Size)
            : throw Failure("an open file", Marshal.GetLastPInvokeError());

    /// <summary>The identity of the file that bears a name now; null: none does.</summary>
    /// <exception cref="IOException">The file system does not answer.</exception>
    public static FileIdentity? Of(string path)
    {
        if (Ask(CurrentDirectory, path, NoLink, InodeMask | BornMask, out var status) == 0)
        {
            return Of(status);
        }

        var error = Marshal.GetLastPInvokeError();
        return error is NoSuchFile or NoDirectory ? null : throw Failure(path, error);
    }

    private static FileIdentity Of(in Status status) =>
        new(status.Inode, (status.Mask & BornMask) == 0 ? 0 : (status.BornSeconds * 1_000_000_000) + status.BornNanoseconds);

    private static IOException Failure(string what, int error)
    {
        var why = new Win32Exception(error);
        return new IOException($"{what} cannot be looked at: {why.Message}", why);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Ask(SafeFileHandle file, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Ask(int directory, string path, int flags, uint mask, out Status status);

    /// <summary>What is of interest of <c>struct statx</c>, which is the same on all processors.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(80)]
        public long BornSeconds;

        [FieldOffset(88)]
        public uint BornNanoseconds;
    }
}
