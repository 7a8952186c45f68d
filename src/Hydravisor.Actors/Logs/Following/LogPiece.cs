using Hydravisor.Actors.Logs.Segments;

namespace Hydravisor.Actors.Logs.Following;

/// <summary>Entries of a log as one line of the wire, shared by all who get it.</summary>
/// <param name="First">The first sequence number that it speaks of.</param>
/// <param name="Next">The one at which to go on.</param>
/// <param name="Line">The line with its LF.</param>
/// <param name="JsonBytes">Length of the entries alone.</param>
/// <param name="Hint">Where in the files to go on.</param>
internal sealed record LogPiece(long First, long Next, ReadOnlyMemory<byte> Line, int JsonBytes, ReadHint Hint)
{
    private static ReadOnlySpan<byte> Before => "{\"type\":\"model/log\",\"source\":\""u8;

    private static ReadOnlySpan<byte> Between => "\",\"payload\":["u8;

    private static ReadOnlySpan<byte> After => "]}\n"u8;

    /// <summary>Makes the line.</summary>
    /// <param name="source">The VM's id in ASCII.</param>
    /// <param name="json">The entries, joined by commas.</param>
    public static byte[] LineOf(ReadOnlySpan<byte> source, ReadOnlySpan<byte> json)
    {
        var line = new byte[Before.Length + source.Length + Between.Length + json.Length + After.Length];
        var rest = line.AsSpan();
        Put(ref rest, Before);
        Put(ref rest, source);
        Put(ref rest, Between);
        Put(ref rest, json);
        Put(ref rest, After);
        return line;
    }

    private static void Put(ref Span<byte> to, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(to);
        to = to[bytes.Length..];
    }
}
