using Akka.IO;

namespace Hydravisor.Actors.Gateway;

/// <summary>What is in a chunk, without a copy where it lies in one piece, as every chunk does that a socket read.</summary>
/// <remarks><see cref="ByteString"/> gives its own memory to nobody but the stream that it is written to.</remarks>
internal sealed class ChunkBytes : Stream
{
    private readonly int _count;
    private ReadOnlyMemory<byte> _bytes;

    private ChunkBytes(int count) => _count = count;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The bytes of a chunk, which nobody writes to.</summary>
    public static ReadOnlyMemory<byte> Of(ByteString chunk)
    {
        var taken = new ChunkBytes(chunk.Count);
        chunk.WriteTo(taken);
        var bytes = taken._bytes;
        return bytes.Length == chunk.Count ? bytes : chunk.ToArray();
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        // A piece of several is worth nothing.
        if (count == _count)
        {
            _bytes = buffer.AsMemory(offset, count);
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
