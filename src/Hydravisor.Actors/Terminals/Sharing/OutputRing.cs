using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals.Sharing;

/// <summary>The last output of one terminal as lines of the wire, each encoded once, within a bound. Not safe for several threads.</summary>
/// <param name="bytesMax">Bytes of lines that are kept; the newest line always is.</param>
internal sealed class OutputRing(int bytesMax)
{
    private readonly Queue<byte[]> _lines = new();
    private long _bytes;

    /// <summary>The place of the oldest line that is kept.</summary>
    public long First { get; private set; }

    /// <summary>The place behind the newest line.</summary>
    public long End => First + _lines.Count;

    /// <summary>Adds a line.</summary>
    public void Add(byte[] line)
    {
        _lines.Enqueue(line);
        _bytes += line.Length;
        while (_bytes > bytesMax && _lines.Count > 1)
        {
            Drop();
        }
    }

    /// <summary>Drops all lines; places go on.</summary>
    public void Clear()
    {
        while (_lines.Count > 0)
        {
            Drop();
        }
    }

    /// <summary>All lines from a place on, as one; null where the place is no more in it or not yet.</summary>
    public byte[]? From(long place)
    {
        if (place < First || place >= End)
        {
            return null;
        }

        return place == End - 1 ? _lines.Last() : [.. _lines.Skip((int)(place - First)).SelectMany(line => line)];
    }

    private void Drop()
    {
        _bytes -= _lines.Dequeue().Length;
        First++;
    }
}

/// <summary>Writes <c>terminal/output</c>.</summary>
internal static class TerminalLines
{
    /// <summary>Bytes of a terminal in one line at most.</summary>
    public const int ChunkBytesMax = 24 * 1024;

    /// <summary>Output as lines.</summary>
    public static IEnumerable<byte[]> Of(InstanceId id, ReadOnlyMemory<byte> bytes)
    {
        for (var at = 0; at < bytes.Length; at += ChunkBytesMax)
        {
            yield return Line(id, bytes.Slice(at, Math.Min(ChunkBytesMax, bytes.Length - at)).Span, "");
        }
    }

    /// <summary>A screen as lines, the first of which says that all before it is void, and how large the terminal is.</summary>
    public static byte[] Of(InstanceId id, TerminalScreen screen)
    {
        var size = screen.Cols > 0 ? string.Create(CultureInfo.InvariantCulture, $",\"cols\":{screen.Cols},\"rows\":{screen.Rows}") : "";
        var first = Math.Min(ChunkBytesMax, screen.Bytes.Length);
        return [.. Line(id, screen.Bytes.Span[..first], ",\"reset\":true" + size), .. Of(id, screen.Bytes[first..]).SelectMany(line => line)];
    }

    // An instance id and base 64 need no quoting in JSON.
    private static byte[] Line(InstanceId id, ReadOnlySpan<byte> bytes, string more)
    {
        var before = Encoding.ASCII.GetBytes($"{{\"type\":\"{MessageTypes.TerminalOutput}\",\"instance_id\":\"{id.Value}\",\"data_b64\":\"");
        var after = Encoding.ASCII.GetBytes($"\"{more}}}\n");
        var line = new byte[before.Length + Base64.GetMaxEncodedToUtf8Length(bytes.Length) + after.Length];
        before.CopyTo(line, 0);
        Base64.EncodeToUtf8(bytes, line.AsSpan(before.Length), out _, out var written);
        after.CopyTo(line, before.Length + written);
        return line;
    }
}
