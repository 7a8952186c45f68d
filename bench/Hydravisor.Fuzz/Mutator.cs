using System.Text;

namespace Hydravisor.Fuzz;

/// <summary>Makes streams of bytes out of others, so that much of them is still what a line should be. The same chance makes the same stream.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, Signer signer)
{
    private const int MutationsMax = 8;
    private const int BytesMax = 256 * 1024;

    /// <summary>A stream.</summary>
    public byte[] Make(Random chance, int lineBytesMax)
    {
        var stream = corpus[chance.Next(corpus.Count)];
        for (var left = chance.Next(MutationsMax + 1); left > 0 && stream.Length < BytesMax; left--)
        {
            stream = Mutated(stream, chance, lineBytesMax);
        }

        return stream;
    }

    /// <summary>A stream in pieces: whole, byte by byte, or cut anywhere, most often near line ends.</summary>
    public static IReadOnlyList<byte[]> Chunks(byte[] stream, Random chance)
    {
        var cuts = new SortedSet<int>();
        var count = chance.Next(4) == 0 && stream.Length < 2048 ? stream.Length : chance.Next(12);
        for (var i = 0; i < count; i++)
        {
            var at = chance.Next(stream.Length + 1);
            var end = Array.IndexOf(stream, (byte)'\n', Math.Min(at, Math.Max(0, stream.Length - 1)));
            cuts.Add(count == stream.Length ? i : end >= 0 && chance.Next(2) == 0 ? Math.Clamp(end + chance.Next(-1, 2), 0, stream.Length) : at);
        }

        var chunks = new List<byte[]>();
        var begin = 0;
        foreach (var cut in cuts.Append(stream.Length))
        {
            chunks.Add(stream[begin..cut]);
            begin = cut;
        }

        return chunks;
    }

    private byte[] Mutated(byte[] stream, Random chance, int lineBytesMax)
    {
        var at = chance.Next(stream.Length + 1);
        var to = Math.Min(stream.Length, at + chance.Next(1, 1 << chance.Next(1, 9)));
        return chance.Next(14) switch
        {
            0 => Flipped(stream, chance),
            1 => [.. stream[..at], .. stream[to..]],
            2 => [.. stream[..to], .. stream[at..]],
            3 or 4 or 5 => [.. stream[..at], .. Words.All[chance.Next(Words.All.Count)], .. stream[at..]],
            6 => Spliced(stream, at, chance),
            7 or 8 => OfLine(stream, chance, line => signer.Wrap(line, chance)),
            9 => OfLine(stream, chance, line => Nested(line, chance)),
            10 => OfLine(stream, chance, line => KeyTwice(line, chance)),
            11 => OfLine(stream, chance, line => Escaped(line, chance)),
            12 => OfLine(stream, chance, line => WithMember(line, chance)),
            _ => Long(stream, at, chance, lineBytesMax),
        };
    }

    private static byte[] Flipped(byte[] stream, Random chance)
    {
        byte[] flipped = [.. stream];
        for (var i = chance.Next(1, 4); i > 0 && flipped.Length > 0; i--)
        {
            flipped[chance.Next(flipped.Length)] ^= (byte)(1 << chance.Next(8));
        }

        return flipped;
    }

    private byte[] Spliced(byte[] stream, int at, Random chance)
    {
        var other = corpus[chance.Next(corpus.Count)];
        var from = chance.Next(other.Length + 1);
        return [.. stream[..at], .. other[from..], .. chance.Next(2) == 0 ? stream[at..] : []];
    }

    // Does something to one of its lines, and leaves the others.
    private static byte[] OfLine(byte[] stream, Random chance, Func<byte[], byte[]> change)
    {
        var at = chance.Next(stream.Length + 1);
        var begin = stream.AsSpan(0, at).LastIndexOf((byte)'\n') + 1;
        var end = stream.AsSpan(at).IndexOf((byte)'\n') is >= 0 and var length ? at + length : stream.Length;
        return [.. stream[..begin], .. change(stream[begin..end]), .. stream[end..]];
    }

    private static byte[] Nested(byte[] line, Random chance)
    {
        var depth = chance.Next(1, 1 << chance.Next(1, 11));
        var (open, close) = chance.Next(2) == 0 ? ("[", "]") : ("{\"a\":", "}");
        var at = chance.Next(2) == 0 || Array.LastIndexOf(line, (byte)'}') is not (>= 0 and var last) ? 0 : last;
        var inside = at == 0 ? line : "1"u8.ToArray();
        var nest = new List<byte>();
        nest.AddRange(Encoding.ASCII.GetBytes(at == 0 ? "" : ",\"deep\":"));
        nest.AddRange(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(open, depth))));
        nest.AddRange(inside);
        nest.AddRange(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(close, chance.Next(4) == 0 ? chance.Next(depth + 1) : depth))));
        return at == 0 ? [.. nest] : [.. line[..at], .. nest, .. line[at..]];
    }

    // The first key once more, or very many keys.
    private static byte[] KeyTwice(byte[] line, Random chance)
    {
        var open = Array.IndexOf(line, (byte)'{');
        if (open < 0)
        {
            return line;
        }

        var comma = Array.IndexOf(line, (byte)',', open);
        var member = comma > 0 ? line[(open + 1)..comma] : "\"a\":1"u8.ToArray();
        var count = chance.Next(3) == 0 ? chance.Next(1, 2000) : 1;
        var members = new List<byte>();
        for (var i = 0; i < count; i++)
        {
            members.AddRange(count == 1 ? member : Encoding.ASCII.GetBytes($"\"k{i}\":{i}"));
            members.Add((byte)',');
        }

        return [.. line[..(open + 1)], .. members, .. line[(open + 1)..]];
    }

    // A letter as JSON may also write it.
    private static byte[] Escaped(byte[] line, Random chance)
    {
        var letters = Enumerable.Range(0, line.Length).Where(at => char.IsAsciiLetterLower((char)line[at])).ToList();
        if (letters.Count == 0)
        {
            return line;
        }

        var letter = letters[chance.Next(letters.Count)];
        return [.. line[..letter], .. Encoding.ASCII.GetBytes($"\\u{(int)line[letter]:x4}"), .. line[(letter + 1)..]];
    }

    private static byte[] WithMember(byte[] line, Random chance)
    {
        var open = Array.IndexOf(line, (byte)'{');
        return open < 0 ? line : [.. line[..(open + 1)], .. Words.All[chance.Next(Words.All.Count)], (byte)',', .. line[(open + 1)..]];
    }

    // As long as a line may be, or a little longer or shorter.
    private static byte[] Long(byte[] stream, int at, Random chance, int lineBytesMax)
    {
        var end = stream.AsSpan(at).IndexOf((byte)'\n') is >= 0 and var length ? length : stream.Length - at;
        var begin = stream.AsSpan(0, at).LastIndexOf((byte)'\n') + 1;
        var missing = Math.Max(0, lineBytesMax + chance.Next(-2, 4) - (at - begin + end));
        return [.. stream[..at], .. Enumerable.Repeat((byte)(chance.Next(2) == 0 ? ' ' : 'x'), missing), .. stream[at..]];
    }
}
