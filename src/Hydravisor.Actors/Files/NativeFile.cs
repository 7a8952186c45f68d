using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Files;

/// <summary>What the base library cannot do with files.</summary>
internal static partial class NativeFile
{
    private const int CurrentDirectory = -100;
    private const uint OwnerAndGroup = 0x8 | 0x10;
    private const int CloseOnExec = 0x80000;
    private const uint TypeAndMode = 0x1;
    private const int TypeOfFile = 0xf000;
    private const int PlainFile = 0x8000;
    private const int NotSupported = 22;

    /// <summary>The user and group that a file or directory belongs to.</summary>
    /// <exception cref="IOException">The file system does not answer.</exception>
    public static (uint User, uint Group) Of(string path) =>
        Ask(CurrentDirectory, path, 0, OwnerAndGroup, out var status) == 0 ? (status.User, status.Group) : throw Failure(path, "looked at");

    /// <summary>Whether a path, after all links, is an ordinary file: no device, pipe or directory.</summary>
    /// <exception cref="IOException">There is nothing, or the file system does not answer.</exception>
    public static bool IsPlain(string path) =>
        Ask(CurrentDirectory, path, 0, TypeAndMode, out var status) == 0 ? (status.Mode & TypeOfFile) == PlainFile : throw Failure(path, "looked at");

    /// <summary>Where root makes a file in another's directory: gives it to that user, who could not read it otherwise.</summary>
    /// <exception cref="IOException">It cannot be given away.</exception>
    public static void GiveToOwnerOf(string directory, string path)
    {
        if (Environment.IsPrivilegedProcess && Of(directory) is var owner && owner != Of(path) && Give(path, owner.User, owner.Group) != 0)
        {
            throw Failure(path, "given to its directory's owner");
        }
    }

    /// <summary>Makes the names in a directory outlive a loss of power, where its file system knows how.</summary>
    /// <exception cref="IOException">The disk does not take them.</exception>
    public static void FlushDirectory(string directory)
    {
        var number = Open(directory, CloseOnExec);
        if (number < 0)
        {
            throw Failure(directory, "opened");
        }

        using var handle = new SafeFileHandle(number, ownsHandle: true);
        if (Flush(handle) != 0 && Marshal.GetLastPInvokeError() != NotSupported)
        {
            throw Failure(directory, "flushed");
        }
    }

    private static IOException Failure(string path, string what)
    {
        var why = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{path} cannot be {what}: {why.Message}", why);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Ask(int directory, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Give(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(SafeFileHandle file);

    /// <summary>What is of interest of <c>struct statx</c>, which is the same on all processors.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;
    }
}
