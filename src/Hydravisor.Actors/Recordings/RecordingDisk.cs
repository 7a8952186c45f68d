using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Files;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Recordings;

/// <summary>What a recording wants of the disk, where disks fail. Its forms pass one contract suite. Safe for all threads.</summary>
internal interface IRecordingDisk
{
    /// <summary>Writes bytes at an offset by one call of the operating system.</summary>
    /// <param name="file">Open for writing.</param>
    /// <param name="bytes">Whole lines.</param>
    /// <param name="offset">The end of what is good of the file.</param>
    /// <param name="durable">Come back only when a loss of power cannot undo it.</param>
    /// <exception cref="IOException">It was not written, or a part of it was.</exception>
    void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset, bool durable);

    /// <summary>Gives back the room of the beginning of a file that grows; see <see cref="FileSpace.TryRelease"/>.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="place">Behind what was read of it. The bytes by which the place is known again stay.</param>
    /// <returns>Whether it was: not where the name is another file's by now, or the file system cannot.</returns>
    bool TryRelease(string path, TailPlace place);

    /// <summary>Bytes that may still be written to the file system of a directory.</summary>
    /// <exception cref="IOException">It does not answer.</exception>
    long FreeBytes(string directory);
}

/// <summary>The real one.</summary>
internal sealed class RecordingDisk : IRecordingDisk
{
    /// <inheritdoc/>
    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset, bool durable)
    {
        RandomAccess.Write(file, bytes, offset);
        if (durable)
        {
            RandomAccess.FlushToDisk(file);
        }
    }

    /// <inheritdoc/>
    public bool TryRelease(string path, TailPlace place)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            return FileIdentity.Of(file).Identity == new FileIdentity(place.Inode, place.Born) && FileSpace.TryRelease(file, place.Offset - TailPlace.FingerprintBytesMax);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public long FreeBytes(string directory) => new DriveInfo(directory).AvailableFreeSpace;
}
