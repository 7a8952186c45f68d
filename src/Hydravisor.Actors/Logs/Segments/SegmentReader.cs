using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Logs.Segments;

/// <summary>Walks through the frames of one segment file after another, in a buffer that is kept. Not thread-safe.</summary>
/// <param name="bytes">Bytes that are read at once; more for a frame that is longer.</param>
internal sealed class SegmentReader(int bytes) : IDisposable
{
    private byte[] _buffer = new byte[Math.Max(bytes, FrameHeader.Bytes)];
    private SafeFileHandle? _file;
    private long _bufferAt;
    private int _bufferCount;

    /// <summary>Where the next frame begins in the file: behind the last whole one.</summary>
    public long Offset { get; private set; }

    /// <summary>Length of the file when it was opened, in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>The payload of the frame that was read last; good until the next call.</summary>
    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Where a frame begins.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public void Open(string path, long offset)
    {
        Close();
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        (Offset, Length) = (offset, RandomAccess.GetLength(_file));
        (_bufferAt, _bufferCount) = (offset, 0);
    }

    /// <summary>Reads the next frame; false: here is the end, or something that is no whole frame.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool TryNext(out FrameHeader header)
    {
        header = default;
        if (!Have(FrameHeader.Bytes) || !FrameHeader.TryRead(At(FrameHeader.Bytes).Span, out header))
        {
            return false;
        }

        var length = FrameHeader.Bytes + header.PayloadBytes;
        if (Offset + length > Length || !Have(length) || !FrameHeader.IsWhole(At(length).Span))
        {
            return false;
        }

        Payload = At(length)[FrameHeader.Bytes..];
        Offset += length;
        return true;
    }

    /// <summary>Closes the file.</summary>
    public void Close()
    {
        _file?.Dispose();
        (_file, Payload) = (null, default);
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private ReadOnlyMemory<byte> At(int count) => _buffer.AsMemory((int)(Offset - _bufferAt), count);

    private bool Have(int count)
    {
        if (Offset + count <= _bufferAt + _bufferCount)
        {
            return true;
        }

        if (count > _buffer.Length)
        {
            _buffer = new byte[count];
        }

        (_bufferAt, _bufferCount) = (Offset, 0);
        while (_bufferCount < count)
        {
            var read = RandomAccess.Read(_file!, _buffer.AsSpan(_bufferCount), _bufferAt + _bufferCount);
            if (read == 0)
            {
                return false;
            }

            _bufferCount += read;
        }

        return true;
    }
}
