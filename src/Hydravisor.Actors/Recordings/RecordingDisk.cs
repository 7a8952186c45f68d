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
    public long FreeBytes(string directory) => new DriveInfo(directory).AvailableFreeSpace;
}
