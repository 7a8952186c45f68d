using Hydravisor.Host.Verbs;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

/// <summary><c>vm logs</c> and <c>vm terminal</c>, against a scripted node.</summary>
public sealed class VmLogsVerbTests
{
    private const string Id = "vm-0123456789ab";

    [Fact]
    public async Task Logs_reads_page_after_page_and_says_what_is_missing()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "logs", Id, "--from", "5", "--stream", "guest");
        Assert.Equal(LogFrom.At(5), (await peer.AnswerAsync<LogQuery>(_ => Page(9, new LogEntry { Gap = new LogGap(5, 6) }, Entry(7, "console", "no"), Entry(8, "guest", "yes")))).From);
        Assert.Equal(LogFrom.At(9), (await peer.AnswerAsync<LogQuery>(_ => Page(9))).From);
        Assert.Equal(0, await run.ExitAsync());
        Assert.Equal("--- entries 5 to 6 are not here ---\n2026-01-01T00:00:00Z guest     yes\n", run.Output);
    }

    [Fact]
    public async Task Logs_follows_from_behind_the_last_that_it_showed_until_the_node_ends_it()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "logs", Id, "-n", "1", "-f", "-o", "json");
        Assert.Equal((LogFrom.Tail, 1), await peer.AnswerAsync<LogQuery>(_ => Page(8, Entry(7, "guest", "seven"))) is var asked ? (asked.From, asked.Limit) : default);
        Assert.Equal(LogFrom.At(8), (await peer.AnswerAsync<LogSubscribe>(_ => new LogSubscribed { InstanceId = Id, Next = 8, Incarnation = 1 })).From);
        await peer.SendAsync(new ModelLog { Source = Id, Payload = [Entry(8, "guest", "\u001b[2J")] });
        await peer.SendAsync(new ErrorMessage { Code = ErrorCode.NotFound, Message = "the instance was deleted", InstanceId = Id });
        Assert.NotEqual(0, await run.ExitAsync());
        Assert.Equal(["7", "8"], run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("seq").GetRawText()));
        Assert.Contains("the instance was deleted", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_shows_the_very_last_entries_also_where_one_answer_does_not_hold_them_all()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "logs", Id, "-n", "3");
        Assert.Equal(3, (await peer.AnswerAsync<LogQuery>(_ => Page(8, new LogEntry { Gap = new LogGap(1, 6) }, Entry(7, "guest", "seven")))).Limit);
        Assert.Equal((LogFrom.At(8), 2), await peer.AnswerAsync<LogQuery>(_ => Page(10, Entry(8, "guest", "eight"), Entry(9, "guest", "nine"))) is var asked ? (asked.From, asked.Limit) : default);
        Assert.Equal(0, await run.ExitAsync());
        Assert.Equal(["seven", "eight", "nine"], run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(' ')[^1]));
    }

    [Fact]
    public async Task What_a_guest_writes_cannot_steer_the_terminal()
    {
        await using var run = new VerbRun { OutputIsTerminal = true };
        using var peer = await run.ConnectAsync("vm", "logs", Id, "-n", "1");
        await peer.AnswerAsync<LogQuery>(_ => Page(2, Entry(1, "guest", "\u001b[2Jgone")));
        Assert.Equal(0, await run.ExitAsync());
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.Contains("gone", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_needs_one()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "terminal", Id);
        Assert.NotEqual(0, await run.ExitAsync());
        Assert.Contains("vm logs", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, null, null)]
    [InlineData(80, 0, null, null)]
    [InlineData(80, 24, 80, 24)]
    [InlineData(900, 400, 500, 300)]
    public void A_screen_of_no_size_is_not_told_and_a_larger_one_than_possible_is_cut(int cols, int rows, int? toldCols, int? toldRows)
    {
        var told = VerbEnvironment.ScreenSize(cols, rows);
        Assert.Equal((toldCols, toldRows), (told?.Cols, told?.Rows));
    }

    private static LogEntry Entry(long seq, string stream, string text) => new() { Seq = seq, Timestamp = "2026-01-01T00:00:00Z", Stream = stream, Msg = text };

    private static ModelLog Page(long next, params LogEntry[] entries) => new() { Source = Id, Payload = entries, Next = next };
}
