using System.Text;
using System.Text.Json;
using CsCheck;
using Hydravisor.Actors.Logs.Entries;
using Hydravisor.Actors.Logs.Segments;

namespace Hydravisor.Actors.Tests.Logs;

public sealed class EntryTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public void A_line_of_the_console_is_an_entry() =>
        Assert.Equal("""{"seq":7,"timestamp":"2026-01-02T03:04:05.678Z","stream":"console","msg":"[ OK ] \"up\"\u001B[0m \u00e9"}""".Replace("\\u00e9", "é", StringComparison.Ordinal), Console("[ OK ] \"up\"\u001b[0m é"));

    [Fact]
    public void A_plain_line_of_the_port_is_an_entry() =>
        Assert.Equal("""{"seq":7,"timestamp":"2026-01-02T03:04:05.678Z","stream":"guest","msg":"{not json}"}""", Guest("{not json}"));

    [Fact]
    public void What_happens_to_a_vm_is_an_entry_with_its_own_time()
    {
        var frame = Frame();
        EntryWriter.Lifecycle(frame, Now.AddHours(1), "running");
        Assert.Equal("""{"seq":7,"timestamp":"2026-01-02T04:04:05.678Z","stream":"lifecycle","msg":"running"}""", Text(frame));
    }

    [Fact]
    public void An_object_of_the_port_keeps_its_message_time_and_fields_as_they_stand() =>
        Assert.Equal(
            """{"seq":7,"timestamp":"2025-12-31T23:59:60.5+01:00","received":"2026-01-02T03:04:05.678Z","stream":"guest","msg":"h\u00e9\n","fields":{"level":1.50,"a":{"b":[null, true]}}}""",
            Guest("""{"level":1.50,"msg":"h\u00e9\n","timestamp":"2025-12-31T23:59:60.5+01:00","a":{"b":[null, true]}}"""));

    [Fact]
    public void A_time_that_is_none_is_a_field() =>
        Assert.Equal(
            """{"seq":7,"timestamp":"2026-01-02T03:04:05.678Z","stream":"guest","msg":"x","fields":{"timestamp":"yesterday"}}""",
            Guest("""{"msg":"x","timestamp":"yesterday"}"""));

    [Fact]
    public void Fields_cannot_take_the_place_of_what_we_say() =>
        Assert.Equal(
            """{"seq":7,"timestamp":"2026-01-02T03:04:05.678Z","stream":"guest","msg":"x","fields":{"seq":1,"stream":"lifecycle"}}""",
            Guest("""{"seq":1,"stream":"lifecycle","msg":"x"}"""));

    [Theory]
    [InlineData("""{"msg":1}""")]
    [InlineData("""{"message":"x"}""")]
    [InlineData("""{"msg":"x","msg":"y"}""")]
    [InlineData("""{"msg":"x","a":{"b":1,"b":2}}""")]
    [InlineData("""{"msg":"x"} {"msg":"y"}""")]
    [InlineData("""{"msg":"\ud800"}""")]
    [InlineData("""{"msg":"x","\udc00":1}""")]
    [InlineData("""{"msg":"x",}""")]
    [InlineData("""["msg"]""")]
    public void What_is_no_object_that_we_take_is_plain_text(string line) =>
        Assert.Equal(line, JsonDocument.Parse(Guest(line)).RootElement.GetProperty("msg").GetString());

    [Fact]
    public void An_object_that_is_too_deep_for_a_message_is_plain_text()
    {
        var most = Enumerable.Range(1, 60).Last(depth => !JsonDocument.Parse(Guest(Deep(depth))).RootElement.GetProperty("msg").GetString()!.StartsWith('{'));
        // In the message's object, its array and the entry.
        Assert.Equal(Protocol.Limits.JsonDepthMax - 3, most);
    }

    [Theory]
    [InlineData("2026-01-01T00:00:00Z", true)]
    [InlineData("2024-02-29t23:59:60.123456789z", true)]
    [InlineData("2026-01-01 00:00:00-23:59", true)]
    [InlineData("2026-02-29T00:00:00Z", false)]
    [InlineData("2026-01-01T24:00:00Z", false)]
    [InlineData("2026-01-01T00:00:00", false)]
    [InlineData("2026-01-01T00:00:00.Z", false)]
    [InlineData("2026-01-01T00:00:00+0100", false)]
    [InlineData("2026-01-01T00:00:00Z\\u0020", false)]
    [InlineData("0000-01-01T00:00:00Z", false)]
    [InlineData("", false)]
    public void Points_in_time_are_those_of_RFC_3339(string text, bool expected) => Assert.Equal(expected, Rfc3339.Is(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Any_bytes_are_an_entry_whose_message_is_their_text() =>
        Gen.OneOf(Gen.Byte.Array[0, 60], Gen.String.Select(text => Encoding.UTF8.GetBytes(text)), Gen.Byte[0x20, 0x7f].Array[0, 300]).Sample(
            line =>
            {
                var frame = Frame();
                var writer = new EntryWriter();
                writer.SetTime(Now);
                writer.Console(frame, line);
                writer.Guest(frame, line);
                using var entries = JsonDocument.Parse($"[{Text(frame)}]");
                Assert.All(entries.RootElement.EnumerateArray(), entry => Assert.Equal(Encoding.UTF8.GetString(line), entry.GetProperty("msg").GetString()));
                Assert.DoesNotContain('\n', Text(frame));
            },
            iter: 5000);

    private static string Deep(int depth) => $$"""{"msg":"x","a":{{string.Concat(Enumerable.Repeat("[", depth - 1))}}{{string.Concat(Enumerable.Repeat("]", depth - 1))}}}""".Replace(":}", ":1}", StringComparison.Ordinal);

    private static string Console(string line)
    {
        var (frame, writer) = (Frame(), new EntryWriter());
        writer.SetTime(Now);
        writer.Console(frame, Encoding.UTF8.GetBytes(line));
        return Text(frame);
    }

    private static string Guest(string line)
    {
        var (frame, writer) = (Frame(), new EntryWriter());
        writer.SetTime(Now);
        writer.Guest(frame, Encoding.UTF8.GetBytes(line));
        return Text(frame);
    }

    private static FrameBuilder Frame()
    {
        var frame = new FrameBuilder(1);
        frame.Begin(7);
        return frame;
    }

    private static string Text(FrameBuilder frame) => Encoding.UTF8.GetString(frame.Json);
}
