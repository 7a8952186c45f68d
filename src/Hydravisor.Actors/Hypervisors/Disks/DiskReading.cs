using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Hydravisor.Actors.Hypervisors.Disks;

/// <summary>A VM's disk being read from its first byte to its last, and then what it was: <see cref="TrailerBytes"/> by which whoever gets it knows that it is whole.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class DiskReading : IDisposable
{
    /// <summary>How many bytes come behind the disk: its length, big-endian, and its SHA-256.</summary>
    public const int TrailerBytes = sizeof(long) + SHA256.HashSizeInBytes;

    private readonly Stream _disk;
    private readonly Func<Task<Outcome>> _isLeftAlone;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _length;
    private bool _isOver;

    /// <summary>Begins to read.</summary>
    /// <param name="disk">The disk; disposed of with this.</param>
    /// <param name="isLeftAlone">Asked behind the last byte: whether nothing can have written meanwhile.</param>
    public DiskReading(Stream disk, Func<Task<Outcome>> isLeftAlone) => (_disk, _isLeftAlone) = (disk, isLeftAlone);

    /// <summary>Reads on.</summary>
    /// <param name="buffer">Takes the bytes; more than <see cref="TrailerBytes"/>.</param>
    /// <returns>How many came; 0: that was all.</returns>
    /// <exception cref="IOException">It cannot be read, or somebody may have written to it meanwhile.</exception>
    public async Task<int> ReadAsync(Memory<byte> buffer)
    {
        var read = _isOver ? 0 : await _disk.ReadAsync(buffer).ConfigureAwait(false);
        if (read > 0)
        {
            _hash.AppendData(buffer.Span[..read]);
            _length += read;
            return read;
        }

        if (_isOver)
        {
            return 0;
        }

        _isOver = true;
        if (await _isLeftAlone().ConfigureAwait(false) is { IsDone: false, Reason: var why })
        {
            throw new IOException(why);
        }

        Trailer(_length, _hash, buffer.Span);
        return TrailerBytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disk.Dispose();
        _hash.Dispose();
    }

    /// <summary>What comes behind the disk.</summary>
    /// <param name="length">Its length.</param>
    /// <param name="hash">The hash of all of it; begun anew by this.</param>
    /// <param name="into">Takes it.</param>
    internal static void Trailer(long length, IncrementalHash hash, Span<byte> into)
    {
        BinaryPrimitives.WriteInt64BigEndian(into, length);
        hash.GetHashAndReset(into[sizeof(long)..]);
    }
}
