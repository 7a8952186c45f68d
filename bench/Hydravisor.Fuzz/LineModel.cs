namespace Hydravisor.Fuzz;

/// <summary>What lines a stream of bytes has, as the protocol says it and as slowly as that is said.</summary>
internal static class LineModel
{
    /// <summary>The lines: their bytes, or how long one was that is over the limit.</summary>
    public static IReadOnlyList<string> Of(byte[] stream, int lineBytesMax)
    {
        var lines = new List<string>();
        var begin = 0;
        for (var at = 0; at <= stream.Length; at++)
        {
            if (at < stream.Length && stream[at] != '\n')
            {
                continue;
            }

            var length = at - begin;
            var body = length > 0 && stream[at - 1] == '\r' ? length - 1 : length;
            if (body > lineBytesMax)
            {
                lines.Add(Shown([], length));
            }
            else if (body > 0)
            {
                lines.Add(Shown(stream.AsSpan(begin, body), 0));
            }

            begin = at + 1;
        }

        return lines;
    }

    /// <summary>A line, to be compared.</summary>
    public static string Shown(ReadOnlySpan<byte> bytes, long skipped) => $"{Convert.ToHexString(bytes)}+{skipped}";
}
