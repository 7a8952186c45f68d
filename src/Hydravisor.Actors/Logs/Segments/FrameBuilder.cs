using System.Buffers.Binary;

namespace Hydravisor.Actors.Logs.Segments;

/// <summary>One frame in the making, in a buffer that is kept for the next one. Not thread-safe.</summary>
/// <param name="bytes">Room at first; it grows.</param>
internal sealed class FrameBuilder(int bytes)
{
    private readonly List<int> _starts = [];
    private byte[] _buffer = new byte[FrameHeader.Bytes + bytes];
    private int _end = FrameHeader.Bytes;
    private long _first = 1;

    /// <summary>Entries in it.</summary>
    public int Count => _starts.Count;

    /// <summary>Sequence number of the entry that comes next.</summary>
    public long Next => _first + _starts.Count;

    /// <summary>Length of the entries in bytes.</summary>
    public int JsonBytes => _end - FrameHeader.Bytes;

    /// <summary>The entries, joined by commas. Good until the next call.</summary>
    public ReadOnlySpan<byte> Json => _buffer.AsSpan(FrameHeader.Bytes, JsonBytes);

    /// <summary>Begins anew.</summary>
    /// <param name="first">Sequence number of its first entry.</param>
    public void Begin(long first)
    {
        _starts.Clear();
        (_first, _end) = (first, FrameHeader.Bytes);
    }

    /// <summary>Begins an entry; its JSON is written next.</summary>
    public void BeginEntry()
    {
        if (_starts.Count > 0)
        {
            Write(","u8);
        }

        _starts.Add(JsonBytes);
    }

    /// <summary>Adds bytes.</summary>
    public void Write(ReadOnlySpan<byte> json)
    {
        json.CopyTo(Room(json.Length));
        _end += json.Length;
    }

    /// <summary>Room of at least so many bytes, to be filled and then <see cref="Advance"/>d over.</summary>
    public Span<byte> Room(int least)
    {
        if (_buffer.Length - _end < least)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _end + least));
        }

        return _buffer.AsSpan(_end);
    }

    /// <summary>Counts bytes that were written into <see cref="Room"/>.</summary>
    public void Advance(int count) => _end += count;

    /// <summary>The finished frame. Good until the next call; <see cref="Json"/> stays as it is.</summary>
    /// <param name="writtenMs">When.</param>
    /// <param name="after">The state after it.</param>
    public ReadOnlySpan<byte> Finish(long writtenMs, LogState after)
    {
        var table = _starts.Count * FrameHeader.OffsetBytes;
        var room = Room(table);
        for (var entry = 0; entry < _starts.Count; entry++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(room[(entry * FrameHeader.OffsetBytes)..], _starts[entry]);
        }

        var frame = _buffer.AsSpan(0, _end + table);
        new FrameHeader(JsonBytes + table, _starts.Count, _first, writtenMs, after).Seal(frame);
        return frame;
    }
}
