using Hydravisor.Actors.Sessions;

namespace Hydravisor.Actors.Gateway;

/// <summary>Finds the lines in chunks of bytes. Not thread-safe.</summary>
/// <param name="lineBytesMax">Longest line in bytes, without its end.</param>
internal sealed class LineCutter(int lineBytesMax)
{
    private const byte LineFeed = (byte)'\n';
    private const byte CarriageReturn = (byte)'\r';
    private byte[] _begun = [];
    private int _begunCount;
    private long _skipped;

    /// <summary>Whether a line was begun and its end has not come.</summary>
    public bool IsWithinLine => _begunCount > 0 || _skipped > 0;

    /// <summary>The lines that a chunk completes. They are slices of the chunk, which must not be written to any more.</summary>
    public IReadOnlyList<InboundLine> Cut(ReadOnlyMemory<byte> chunk)
    {
        var lines = new List<InboundLine>();
        var rest = chunk;
        int end;
        while ((end = rest.Span.IndexOf(LineFeed)) >= 0)
        {
            Complete(rest[..end], lines);
            rest = rest[(end + 1)..];
        }

        Begin(rest.Span);
        return lines;
    }

    /// <summary>What is left when no more will come: the last line, where it has no end.</summary>
    public IReadOnlyList<InboundLine> Finish()
    {
        var lines = new List<InboundLine>();
        Complete(ReadOnlyMemory<byte>.Empty, lines);
        return lines;
    }

    private void Complete(ReadOnlyMemory<byte> tail, List<InboundLine> lines)
    {
        var length = _skipped + _begunCount + tail.Length;
        if (_begunCount > 0 && length <= lineBytesMax + 1L)
        {
            Begin(tail.Span);
            tail = _begun.AsMemory(0, _begunCount);
            _begun = [];
        }

        _begunCount = 0;
        _skipped = 0;
        if (length == 0)
        {
            return;
        }

        // One byte over the limit may yet be the carriage return.
        var line = length == tail.Length && tail.Span[^1] == CarriageReturn ? tail[..^1] : tail;
        if (length - (tail.Length - line.Length) > lineBytesMax)
        {
            lines.Add(new InboundLine(ReadOnlyMemory<byte>.Empty, length));
        }
        else if (!line.IsEmpty)
        {
            lines.Add(new InboundLine(line, 0));
        }
    }

    private void Begin(ReadOnlySpan<byte> bytes)
    {
        if (_skipped > 0 || _begunCount + (long)bytes.Length > lineBytesMax + 1L)
        {
            _skipped += _begunCount + bytes.Length;
            _begunCount = 0;
            _begun = [];
            return;
        }

        if (_begunCount + bytes.Length > _begun.Length)
        {
            Array.Resize(ref _begun, Math.Min(Math.Max(256, (_begunCount + bytes.Length) * 2), lineBytesMax + 1));
        }

        bytes.CopyTo(_begun.AsSpan(_begunCount));
        _begunCount += bytes.Length;
    }
}
