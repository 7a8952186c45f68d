using System.Text;
using System.Text.Json;
using CsCheck;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Recordings;

namespace Hydravisor.Actors.Tests.Recordings;

/// <summary>A recording of several parts that is read piece by piece.</summary>
public sealed class RecordingReaderTests : IDisposable
{
    private readonly RecordedVm _vm = new();

    public RecordingReaderTests()
    {
        _vm.Settings = _vm.Settings with { FileBytesMax = 1500, BytesMaxPerVm = long.MaxValue };
        using var recording = _vm.Open();
        for (var number = 1; number <= 30; number++)
        {
            _vm.Console.Write($"\u001b[{number}mgrüße 🙂 {new string('x', 7 * number)}");
            recording.Input("f00d", Encoding.UTF8.GetBytes($"typed {number}\r"));
            _vm.Time.Advance(TimeSpan.FromMilliseconds(1500));
            recording.Drain();
            if (number % 9 == 0)
            {
                recording.Resize(80 + number, 24);
            }
        }
    }

    private ArchivedRecording Whole => new RecordingArchive(_vm.Recordings).Find(RecordedVm.Id)!;

    public void Dispose() => _vm.Dispose();

    [Fact]
    public void Pieces_of_any_size_are_together_what_an_export_is()
    {
        Assert.True(Whole.Parts.Count > 3, "one part shows nothing");
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 2000], Gen.Bool, Gen.Int[0, Whole.Parts.Count]).Sample(
            (eventsMax, bytesMax, withInput, part) =>
            {
                int? only = part == 0 ? null : part;
                var parts = only is null ? Whole.Parts : [Whole.Parts[part - 1]];
                var pieces = Read(new RecordingQuest(only, null, withInput, eventsMax, bytesMax));
                Assert.Equal(RecordingReader.Export(parts, withInput), pieces.SelectMany(EventsOf).Prepend(Encoding.UTF8.GetString(pieces[0].HeaderJson)));
                Assert.All(pieces, piece => Assert.InRange(EventsOf(piece).Count, pieces.Count == 1 ? 0 : 1, eventsMax));
                Assert.All(pieces, piece => Assert.True(piece.EventsJson.Length <= bytesMax + 2 || EventsOf(piece).Count == 1, $"{piece.EventsJson.Length} bytes"));
            },
            iter: 300);
    }

    [Fact]
    public void Times_go_on_from_part_to_part_and_a_part_says_which_size_it_begins_with()
    {
        var events = EventsOf(Assert.Single(Read(new RecordingQuest(null, null, WithInput: false, 10_000, 1_000_000)))).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var times = events.Select(each => each[0].GetDecimal()).ToList();
        Assert.Equal(times.Order(), times);
        Assert.InRange(times[^1], 40, 46);
        Assert.DoesNotContain(events, each => each[1].GetString() is "i" or "u" or "p");
        Assert.Equal(["89x24", "98x24", "107x24"], events.Where(each => each[1].GetString() == "r").Select(each => each[2].GetString()!).Distinct());
    }

    [Fact]
    public void Who_has_read_all_goes_on_with_what_comes()
    {
        var quest = new RecordingQuest(null, null, WithInput: true, 10_000, 1_000_000);
        var end = Read(quest)[^1];
        var nothing = Assert.Single(Read(quest with { From = Place(end.Next) }));
        Assert.Equal((0, end.Next), (EventsOf(nothing).Count, nothing.Next));
        using (var recording = _vm.Open())
        {
            _vm.Console.Write("more");
            recording.Drain();
        }

        Assert.Contains("more", EventsOf(Assert.Single(Read(quest with { From = Place(end.Next) })))[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_removed_while_it_is_read_is_passed_over_and_the_rest_comes()
    {
        var quest = new RecordingQuest(null, null, WithInput: true, 1, 1_000_000);
        var first = RecordingReader.Page(Whole, quest).Value!;
        var rest = Whole.Parts.Skip(2).ToList();
        File.Delete(_vm.Files[0]);
        File.Delete(_vm.Files[0]);
        var read = Read(quest with { From = Place(first.Next), EventsMax = 10_000 }).SelectMany(EventsOf).ToList();
        Assert.Equal(rest.Select(part => part.Number), Whole.Parts.Select(part => part.Number));

        // Its size comes first, since nobody knows what it was before.
        Assert.Equal(RecordingReader.Export(rest, withInput: true).Count(), read.Count);
        Assert.Contains("\"r\"", read[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_that_is_not_there_is_refused_with_those_that_are()
    {
        var refused = RecordingReader.Page(Whole, new RecordingQuest(99, null, WithInput: true, 1, 1));
        Assert.Equal(OutcomeKind.Failed, refused.Result.Kind);
        Assert.Contains("no part 99; it has 1, 2", refused.Result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_place_is_read_as_it_was_written_and_what_is_none_is_refused()
    {
        Gen.Select(Gen.Int[1, int.MaxValue], Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue]).Sample(
            (part, offset, before) => Assert.Equal(new RecordingPlace(part, offset, before), Place(new RecordingPlace(part, offset, before).ToString())));
        foreach (var wrong in (string[])["", ":", "1:2", "1:2:3:4", "-1:2:3", "1:2:x", "1: 2:3", "99999999999:1:1", "1:+2:3"])
        {
            Assert.False(RecordingPlace.TryParse(wrong, out _), wrong);
        }
    }

    [Fact]
    public void A_place_that_nobody_was_told_yields_whole_events_or_none() =>
        Gen.Select(Gen.Int[0, 20], Gen.Long[0, 3000], Gen.Long[0, long.MaxValue]).Sample(
            (part, offset, before) =>
            {
                var all = RecordingReader.Export(Whole.Parts, withInput: true).Skip(1).Select(DataOf).ToHashSet();
                var came = Read(new RecordingQuest(null, new RecordingPlace(part, offset, before), WithInput: true, 10_000, 1_000_000)).SelectMany(EventsOf);
                Assert.All(came.Where(line => !line.Contains("\"r\"", StringComparison.Ordinal)), line => Assert.Contains(DataOf(line), all));
            },
            iter: 200);

    private static string DataOf(string line) => line[line.IndexOf(',', StringComparison.Ordinal)..];

    private static RecordingPlace Place(string text) => RecordingPlace.TryParse(text, out var place) ? place : throw new InvalidOperationException($"{text} is no place.");

    private static IReadOnlyList<string> EventsOf(RecordingPage page) =>
        [.. JsonDocument.Parse(page.EventsJson).RootElement.EnumerateArray().Select(each => each.GetRawText())];

    private List<RecordingPage> Read(RecordingQuest quest)
    {
        var pages = new List<RecordingPage>();
        do
        {
            pages.Add(RecordingReader.Page(Whole, pages.Count == 0 ? quest : quest with { From = Place(pages[^1].Next) }).Value!);
        }
        while (pages[^1].More);
        return pages;
    }
}
