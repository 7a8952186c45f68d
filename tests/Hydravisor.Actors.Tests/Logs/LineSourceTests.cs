using System.Text;
using System.Text.Unicode;
using CsCheck;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Logs.Sources;
using Hydravisor.Actors.Tests.Feeds;

namespace Hydravisor.Actors.Tests.Logs;

public sealed class LineSourceTests : IDisposable
{
    private const int LineMax = 10;
    private readonly TemporaryDirectory _directory = new();
    private readonly TurnedFile _file;

    public LineSourceTests() => _file = new TurnedFile(Path.Combine(_directory.Path, "x"));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Lines_end_with_line_feeds_and_carriage_returns_before_them_are_no_part() =>
        Assert.Equal(["a", "", "b\rc"], Lines("a\r\n\r\r\nb\rc\n"));

    [Fact]
    public void A_line_without_its_end_waits_unless_all_is_to_be_taken()
    {
        Assert.Equal(["a"], Lines("a\nbc"));
        Assert.Equal(["bc"], Take(TailPlace.Beginning, flush: true).Lines.Skip(1));
    }

    [Fact]
    public void A_line_over_the_limit_is_cut_between_characters() =>
        Assert.Equal(["0123456789", "012345678", "é9", "x"], Lines("0123456789\n012345678é9\nx\n"));

    [Fact]
    public void What_was_taken_does_not_come_again_and_what_was_not_does()
    {
        _file.Write("a\nb");
        var place = Take(TailPlace.Beginning, flush: false).Place;
        _file.Turn();
        _file.Write("c\n");
        Assert.Equal(["bc"], Take(place, flush: false).Lines);
    }

    [Fact]
    public void Lines_are_the_same_however_they_were_written_and_read() =>
        Gen.OneOf(Gen.Const((byte)'a'), Gen.Const((byte)'\n'), Gen.Const((byte)'\r'), Gen.Byte).Array[0, 15].Array[1, 12].Sample(
            pieces =>
            {
                using var directory = new TemporaryDirectory();
                var file = new TurnedFile(Path.Combine(directory.Path, "x"), olderMax: 12);
                var whole = new TurnedFile(Path.Combine(directory.Path, "whole"));
                var (place, found) = (TailPlace.Beginning, new List<string>());
                foreach (var piece in pieces)
                {
                    file.Write(piece);
                    whole.Write(piece);
                    var (lines, next) = Take(file.Path, place, flush: false);
                    found.AddRange(lines);
                    place = next;
                    file.Turn();
                }

                found.AddRange(Take(file.Path, place, flush: true).Lines);
                Assert.Equal(Take(whole.Path, TailPlace.Beginning, flush: true).Lines, found);
            },
            iter: 200,
            threads: 1);

    private List<string> Lines(string text)
    {
        _file.Write(text);
        return Take(TailPlace.Beginning, flush: false).Lines;
    }

    private (List<string> Lines, TailPlace Place) Take(TailPlace from, bool flush) => Take(_file.Path, from, flush);

    private static (List<string> Lines, TailPlace Place) Take(string path, TailPlace place, bool flush)
    {
        using var source = new LineSource(1, LineMax);
        var lines = new List<string>();
        do
        {
            source.Open(path, place);
            while (source.TryNext(flush && source.IsDry, out var line))
            {
                lines.Add(Utf8.IsValid(line.Span) ? Encoding.UTF8.GetString(line.Span) : Convert.ToHexString(line.Span));
            }

            place = source.Accept();
        }
        while (!source.IsDry);
        return (lines, place);
    }
}
