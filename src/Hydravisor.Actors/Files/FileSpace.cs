using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Files;

/// <summary>The room that a file takes, apart from its length: what was read of one that only grows is given back, and all offsets stay. Safe for all threads.</summary>
internal static partial class FileSpace
{
    private const int PunchHole = 0x02;
    private const int KeepSize = 0x01;
    private const int Data = 3;
    private const long PageBytes = 4096;

    /// <summary>Gives back the room of the beginning of a file, in whole pages (fallocate(2)). What stood there reads as NUL from then on.</summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="length">Bytes that nobody needs any more.</param>
    /// <returns>Whether it was; false: the file system cannot.</returns>
    public static bool TryRelease(SafeFileHandle file, long length) =>
        length / PageBytes * PageBytes is var whole && (whole == 0 || Allocate(file, PunchHole | KeepSize, 0, whole) == 0);

    /// <summary>Where what is left of a file begins (lseek(2)): 0 where nothing was given back, or the file system does not say.</summary>
    /// <param name="file">The file; its position moves.</param>
    public static long FirstData(SafeFileHandle file) => Math.Max(0, Seek(file, 0, Data));

    [LibraryImport("libc", EntryPoint = "fallocate64", SetLastError = true)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "lseek64", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);
}
