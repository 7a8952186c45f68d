using System.Text;
using System.Text.Json;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Logs;

public sealed class NodeLogsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Time = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly LogsNode _node = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task What_a_guest_writes_reaches_its_followers_and_is_stored()
    {
        _node.Logs.Watch(LogsNode.Vm);
        using var follower = await Follower.Of(_node, LogStart.Tail);
        _node.Console.Write("hello\n");
        await follower.Until(1);
        _node.Port.Write("""{"msg":"ready","level":3}""" + "\n");
        await follower.Until(2);
        Assert.Equal(["hello", "ready"], follower.Messages);
        Assert.Equal(["hello", "ready"], await Messages());
    }

    [Fact]
    public void Nobody_else_can_read_them() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_node.Directory));

    [Fact]
    public async Task A_file_that_is_turned_over_is_followed()
    {
        _node.Logs.Watch(LogsNode.Vm);
        using var follower = await Follower.Of(_node, LogStart.Tail);
        for (var line = 1; line <= 20; line++)
        {
            _node.Console.Write($"{line}\n");
            _node.Console.Turn();
            await follower.Until(line);
        }

        Assert.Equal(Enumerable.Range(1, 20).Select(line => $"{line}"), follower.Messages);
    }

    [Fact]
    public async Task Files_that_come_later_in_a_directory_that_comes_later_are_found()
    {
        var late = InstanceId.Parse("vm-00000000beef");
        _node.Logs.Watch(late);
        await Wait.For(_node.Logs.QueryAsync(late, LogStart.Start, 1, 1), "a turn");
        _node.MakeVm(late);
        await File.WriteAllTextAsync(_node.SourcesOf(late).Console, "here\n");
        await Wait.Until(async () => (await _node.Logs.QueryAsync(late, LogStart.Start, 1, 1)).Value.Next == 2, "the line");
    }

    [Fact]
    public async Task Nothing_comes_twice_and_nothing_is_left_out_over_restarts()
    {
        for (var round = 0; round < 5; round++)
        {
            _node.Console.Write($"a{round}\nb");
            _node.Logs.Watch(LogsNode.Vm);
            await Wait.Until(async () => (await Messages()).Count == (2 * round) + 1, "the lines");
            _node.Console.Write($"{round}\n");
            await _node.Restart();
        }

        _node.Logs.Watch(LogsNode.Vm);
        await Wait.Until(async () => (await Messages()).Count == 10, "the lines");
        Assert.Equal(Enumerable.Range(0, 5).SelectMany(round => new[] { $"a{round}", $"b{round}" }), await Messages());
    }

    [Fact]
    public async Task What_happened_is_stored_once_though_it_is_told_again()
    {
        LifecycleLine[] lines = [new(3, Time, "booting"), new(5, Time, "running")];
        _node.Logs.Tell(LogsNode.Vm, lines);
        await Wait.Until(async () => (await Messages()).Count == 2, "the lines");
        await _node.Restart();
        _node.Logs.Tell(LogsNode.Vm, [.. lines, new(6, Time, "stopped")]);
        await Wait.Until(async () => (await Messages()).Count == 3, "the new line");
        Assert.Equal(["booting", "running", "stopped"], await Messages());
    }

    [Fact]
    public async Task Draining_stores_a_line_without_its_end_and_leaves_the_files()
    {
        _node.Logs.Watch(LogsNode.Vm);
        _node.Console.Write("whole\nhalf");
        Assert.True((await Wait.For(_node.Logs.DrainAsync(LogsNode.Vm), "the drain")).IsDone);
        Assert.Equal(["whole", "half"], await Messages());
        _node.Console.Write(" of another life\n");
        _node.Logs.Watch(LogsNode.Vm);
        await Wait.Until(async () => (await Messages()).Count == 3, "the line");
        Assert.Equal(" of another life", (await Messages())[2]);
    }

    [Fact]
    public async Task Lines_that_were_lost_are_said()
    {
        _node.Logs.Watch(LogsNode.Vm);
        _node.Console.Write("first\nunfin");
        await Wait.Until(async () => (await Messages()).Count == 1, "the line");
        Assert.True((await _node.Logs.DrainAsync(LogsNode.Vm)).IsDone);
        for (var turn = 0; turn <= _node.Console.OlderMax; turn++)
        {
            _node.Console.Turn();
            _node.Console.Write($"{turn}\n");
        }

        _node.Logs.Watch(LogsNode.Vm);
        await Wait.Until(async () => (await Messages()).Count == 7, "the lines");
        var messages = await Messages();
        Assert.Equal(["first", "unfin"], messages.Take(2));
        Assert.Contains("lost", messages[2], StringComparison.Ordinal);
        Assert.Equal(["0", "1", "2", "3"], messages.Skip(3));
    }

    [Fact]
    public async Task A_feed_of_a_deleted_vm_ends_after_what_is_stored_and_the_log_stays()
    {
        _node.Logs.Watch(LogsNode.Vm);
        using var follower = await Follower.Of(_node, LogStart.Start);
        _node.Logs.Tell(LogsNode.Vm, [new(1, Time, "deleted")]);
        _node.Logs.Forget(LogsNode.Vm);
        await follower.UntilEnded();
        Assert.Equal(["deleted"], follower.Messages);
        Assert.False(follower.Feed.TryTake(out _));
        Assert.Equal(["deleted"], await Messages());
    }

    [Fact]
    public async Task A_log_that_is_not_used_is_held_by_nobody()
    {
        _node.Logs.Watch(LogsNode.Vm);
        var follower = await Follower.Of(_node, LogStart.Tail);
        _node.Logs.Forget(LogsNode.Vm);
        await follower.UntilEnded();
        follower.Dispose();
        await Wait.Until(() => _node.Logs.OpenCount == 0, "the end of the log's object");
    }

    [Fact]
    public async Task A_query_pages_through_and_ends_with_the_number_that_comes_next()
    {
        _node.Console.Write(string.Concat(Enumerable.Range(1, 25).Select(line => $"{line}\n")));
        Assert.True((await _node.Logs.DrainAsync(LogsNode.Vm)).IsDone);
        var (next, found) = (1L, new List<string>());
        while (next <= 25)
        {
            var page = await Page(LogStart.Seq(next), 10);
            found.AddRange(page.Messages);
            next = page.Next;
        }

        Assert.Equal(Enumerable.Range(1, 25).Select(line => $"{line}"), found);
        Assert.Equal(26, next);
        Assert.Equal(([], 26), await Page(LogStart.Seq(26), 10), new PageComparer());
        Assert.Equal((["24", "25"], 26), await Page(LogStart.Tail, 2), new PageComparer());
    }

    [Fact]
    public async Task Old_logs_of_deleted_vms_go_and_those_of_living_vms_keep_their_numbers()
    {
        var dead = InstanceId.Parse("vm-00000000dead");
        _node.Logs.Tell(LogsNode.Vm, [new(1, Time, "x")]);
        _node.Logs.Tell(dead, [new(1, Time, "x")]);
        await Wait.Until(() => Directory.EnumerateFiles(_node.Directory, "*.seg", SearchOption.AllDirectories).Count() == 2, "the logs");
        await _node.Restart();
        foreach (var file in Directory.EnumerateFiles(_node.Directory, "*.seg", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }

        _node.Logs.Sweep();
        await Wait.Until(() => !Directory.Exists(Path.Combine(_node.Directory, dead.Value)), "the end of the dead VM's log");
        await Wait.Until(async () => (await _node.Logs.QueryAsync(LogsNode.Vm, LogStart.Start, 1, 1)).Value is { Next: 2 } page && Text(page).Contains("gap", StringComparison.Ordinal), "the gap");
        _node.Logs.Tell(LogsNode.Vm, [new(2, Time, "y")]);
        await Wait.Until(async () => (await _node.Logs.QueryAsync(LogsNode.Vm, LogStart.Tail, 1, 1)).Value is { Next: 3 } page && Text(page).Contains("\"seq\":2", StringComparison.Ordinal), "the next number");
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_says_why_and_goes_on_where_it_was()
    {
        // A file in the place of the log's directory.
        var place = Path.Combine(_node.Directory, LogsNode.Vm.Value);
        await File.WriteAllTextAsync(place, "");
        _node.Logs.Watch(LogsNode.Vm);
        _node.Console.Write("kept\n");
        await Wait.Until(() => _node.Logs.Trouble(LogsNode.Vm) is not null, "the trouble");
        Assert.False((await Wait.For(_node.Logs.DrainAsync(LogsNode.Vm), "the drain")).IsDone);
        File.Delete(place);
        await Wait.Until(() => _node.Logs.Trouble(LogsNode.Vm) is null, "the end of the trouble");
        await Wait.Until(async () => (await Messages()).Count == 1, "the line");
        Assert.Equal(["kept"], await Messages());
        Assert.Null(_node.Troubles.Last().Trouble);
    }

    [Fact]
    public async Task Many_vms_are_watched_at_once_and_each_gets_its_own_lines()
    {
        var ids = Enumerable.Range(0, 300).Select(number => InstanceId.Parse($"vm-{number:x12}")).ToList();
        foreach (var id in ids)
        {
            _node.MakeVm(id);
            _node.Logs.Watch(id);
        }

        foreach (var id in ids)
        {
            await File.WriteAllTextAsync(_node.SourcesOf(id).Console, $"{id}\n");
        }

        foreach (var id in ids)
        {
            await Wait.Until(async () => (await _node.Logs.QueryAsync(id, LogStart.Start, 10, 1000)).Value is { Next: 2 } page && Text(page).Contains($"\"{id}\"", StringComparison.Ordinal), $"the line of {id}");
        }
    }

    [Fact]
    public async Task Closed_logs_answer_that_they_are_closed()
    {
        using var follower = await Follower.Of(_node, LogStart.Tail);
        await _node.Logs.DisposeAsync();
        _node.Logs.Watch(LogsNode.Vm);
        Assert.Equal(OutcomeKind.Unavailable, (await _node.Logs.DrainAsync(LogsNode.Vm)).Kind);
        Assert.Equal(OutcomeKind.Unavailable, (await _node.Logs.QueryAsync(LogsNode.Vm, LogStart.Tail, 1, 1)).Result.Kind);
        Assert.False(follower.Feed.TryTake(out _));
    }

    private async Task<List<string>> Messages() => (await Page(LogStart.Start, 1000)).Messages;

    private async Task<(List<string> Messages, long Next)> Page(LogStart from, int limit)
    {
        var page = (await Wait.For(_node.Logs.QueryAsync(LogsNode.Vm, from, limit, 100_000), "the page")).Value;
        using var entries = JsonDocument.Parse($"[{Text(page)}]");
        return ([.. entries.RootElement.EnumerateArray().Select(entry => entry.GetProperty("msg").GetString()!)], page.Next);
    }

    private static string Text(LogPage page) => Encoding.UTF8.GetString(page.PayloadJson.Span);

    private sealed class PageComparer : IEqualityComparer<(List<string> Messages, long Next)>
    {
        public bool Equals((List<string> Messages, long Next) x, (List<string> Messages, long Next) y) => x.Next == y.Next && x.Messages.SequenceEqual(y.Messages);

        public int GetHashCode((List<string> Messages, long Next) page) => page.Next.GetHashCode();
    }
}
