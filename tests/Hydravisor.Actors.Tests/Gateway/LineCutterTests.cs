using System.Text;
using CsCheck;
using Hydravisor.Actors.Gateway;
using Hydravisor.Actors.Sessions;

namespace Hydravisor.Actors.Tests.Gateway;

public sealed class LineCutterTests
{
    private const int Limit = 20;

    [Fact]
    public void Lines_of_one_chunk_come_out_together() =>
        Assert.Equal(["a", "bc"], Texts(Cut("a\nbc\n")));

    [Fact]
    public void A_line_may_come_in_pieces() =>
        Assert.Equal(["abcdef"], Texts(Cut("ab", "cd", "ef\n")));

    [Fact]
    public void A_carriage_return_before_the_end_is_not_part_of_the_line() =>
        Assert.Equal(["a", "b"], Texts(Cut("a\r\nb\r", "\n")));

    [Fact]
    public void Empty_lines_are_ignored() =>
        Assert.Equal(["a"], Texts(Cut("\n\r\n\na\n\n")));

    [Fact]
    public void The_last_line_needs_no_end() =>
        Assert.Equal(["a", "b"], Texts(Cut("a\nb")));

    [Fact]
    public void A_line_of_the_limit_passes_with_either_end() =>
        Assert.Equal([new string('x', Limit), new string('y', Limit)], Texts(Cut($"{new string('x', Limit)}\n{new string('y', Limit)}\r\n")));

    [Fact]
    public void A_line_over_the_limit_is_skipped_and_the_next_one_counts()
    {
        var lines = Cut($"{new string('x', Limit + 1)}\nok\n");
        Assert.Equal(Limit + 1, lines[0].SkippedBytes);
        Assert.Equal("ok", Text(lines[1]));
    }

    [Fact]
    public void A_line_over_the_limit_is_never_held()
    {
        var cutter = new LineCutter(Limit);
        var piece = Encoding.UTF8.GetBytes(new string('x', 1000));
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Empty(cutter.Cut(piece)));
        var end = Assert.Single(cutter.Cut("\n"u8.ToArray()));
        Assert.Equal(100_000, end.SkippedBytes);
    }

    [Fact]
    public void A_last_line_over_the_limit_is_reported_too() =>
        Assert.Equal(30, Assert.Single(Cut(new string('x', 30))).SkippedBytes);

    [Fact]
    public void Any_bytes_in_any_chunks_are_cut_as_splitting_the_whole_would()
    {
        var alphabet = Gen.Frequency((6, Gen.Byte[97, 122]), (3, Gen.Const((byte)'\n')), (1, Gen.Const((byte)'\r')), (1, Gen.Byte));
        var chunks = alphabet.Array[0, 40].Array[0, 30];
        chunks.Sample(
            pieces =>
            {
                var cutter = new LineCutter(Limit);
                List<InboundLine> lines = [.. pieces.SelectMany(piece => cutter.Cut(piece.ToArray())), .. cutter.Finish()];
                var cut = lines.Select(line => (Convert.ToHexString(line.Bytes.Span), line.SkippedBytes)).ToList();
                Assert.Equal(Expected([.. pieces.SelectMany(piece => piece)]), cut);
            },
            iter: 20_000);
    }

    // The plainest way to say what a line is: split the whole at line feeds.
    private static List<(string, long)> Expected(byte[] all)
    {
        var expected = new List<(string, long)>();
        var start = 0;
        for (var i = 0; i <= all.Length; i++)
        {
            if (i < all.Length && all[i] != '\n')
            {
                continue;
            }

            var line = all[start..i];
            start = i + 1;
            var content = line is [.. var before, (byte)'\r'] ? before : line;
            if (content.Length > Limit)
            {
                expected.Add(("", line.Length));
            }
            else if (content.Length > 0)
            {
                expected.Add((Convert.ToHexString(content), 0));
            }
        }

        return expected;
    }

    private static List<InboundLine> Cut(params string[] chunks)
    {
        var cutter = new LineCutter(Limit);
        return [.. chunks.SelectMany(chunk => cutter.Cut(Encoding.UTF8.GetBytes(chunk))), .. cutter.Finish()];
    }

    private static IEnumerable<string> Texts(IEnumerable<InboundLine> lines) => lines.Select(Text);

    private static string Text(InboundLine line) => Encoding.UTF8.GetString(line.Bytes.Span);
}
