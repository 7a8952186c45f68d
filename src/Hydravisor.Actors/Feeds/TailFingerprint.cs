using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Feeds;

/// <summary>The hash by which a place in a file is known again. Safe for all threads.</summary>
internal static class TailFingerprint
{
    /// <summary>The hash of the bytes before an offset, at most <see cref="TailPlace.FingerprintBytesMax"/>; of fewer where the file is shorter.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ulong Of(SafeFileHandle file, long offset)
    {
        Span<byte> before = stackalloc byte[TailPlace.FingerprintBytesMax];
        before = before[..(int)Math.Min(offset, before.Length)];
        var count = 0;
        while (count < before.Length && RandomAccess.Read(file, before[count..], offset - before.Length + count) is > 0 and var read)
        {
            count += read;
        }

        return XxHash3.HashToUInt64(before[..count]);
    }
}
