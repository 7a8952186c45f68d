using System.Text.Json;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Recordings;
using Hydravisor.Host.Verbs;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

public sealed class RecordingVerbTests : DataDirectoryTest
{
    private const string Vm = "vm-0123456789ab";

    private string Folder => Path.Combine(DataDirectory, RecordingFolder.Name, Vm);

    [Fact]
    public async Task List_shows_parts_as_one_recording_and_what_is_missing()
    {
        Part(2, offsetSeconds: 10);
        Part(3, offsetSeconds: 20);

        Assert.Equal(ExitCode.Ok, await Run.RunAsync("recording", "list"));

        var lines = Run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("VM", lines[0], StringComparison.Ordinal);
        Assert.Matches($@"^{Vm} +box +a-node +2026-01-01 00:00:00Z +0\.00:00:22 +2-3 +\d+ +7 +1 +parts 1 removed, 1 gaps", lines[1]);
    }

    [Fact]
    public async Task List_writes_objects_for_programs()
    {
        Part(1, offsetSeconds: 0);

        Assert.Equal(ExitCode.Ok, await Run.RunAsync("recording", "list", "box", "-o", "json"));

        using var list = JsonDocument.Parse(Run.Output);
        Assert.Equal(Vm, list.RootElement[0].GetProperty("instance_id").GetString());
        Assert.Equal(1, list.RootElement[0].GetProperty("parts").GetArrayLength());
    }

    [Fact]
    public async Task List_says_when_there_is_none()
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("recording", "list"));

        Assert.Contains("There are no recordings", Run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_joins_the_parts_with_times_that_go_on_and_without_our_bookkeeping()
    {
        Part(1, offsetSeconds: 0);
        Part(2, offsetSeconds: 10);

        Assert.Equal(ExitCode.Ok, await Run.RunAsync("recording", "export", Vm, "--data", DataDirectory));

        var lines = Run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("\"version\":2", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            ["[1, \"u\", \"f00d\"]", "[1, \"i\", \"ls\\r\"]", "[2, \"o\", \"shown 1\"]", "[11, \"u\", \"f00d\"]", "[11, \"i\", \"ls\\r\"]", "[12, \"o\", \"shown 2\"]"],
            lines[1..]);
    }

    [Fact]
    public async Task Export_leaves_out_what_was_typed_and_other_parts_when_it_is_told_so()
    {
        Part(1, offsetSeconds: 0);
        Part(2, offsetSeconds: 10);
        var file = Path.Combine(DataDirectory, "out.cast");

        Assert.Equal(ExitCode.Ok, await Run.RunAsync("recording", "export", "box", "--part", "2", "--no-input", "--output", file));

        Assert.Equal("[2, \"o\", \"shown 2\"]", Assert.Single(File.ReadLines(file).Skip(1)));
        Assert.Empty(Run.Output);
    }

    [Fact]
    public async Task Play_shows_the_output_and_brings_the_terminal_back_to_order()
    {
        Part(1, offsetSeconds: 0, shown: "a\u001b[6nb\u001b]52;c;Zm9v\u0007c");

        Assert.Equal(ExitCode.Ok, await Run.RunAsync("recording", "play", Vm, "--idle-limit", "0"));

        Assert.Equal("abc" + ReplayFilter.Restore, Run.Output);
    }

    [Theory]
    [InlineData("play", "vm-ffffffffffff", ExitCode.Refused)]
    [InlineData("export", "nobody", ExitCode.Refused)]
    public async Task What_is_not_there_is_said(string verb, string vm, int exitCode)
    {
        Assert.Equal(exitCode, await Run.RunAsync("recording", verb, vm));

        Assert.Contains($"There is no recording of {vm}", Run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_speed_of_nothing_is_a_wrong_command_line() =>
        Assert.Equal(ExitCode.Usage, await Run.RunAsync("recording", "play", Vm, "--speed", "0"));

    [Fact]
    public async Task Export_asks_a_node_for_page_after_page_and_stays_with_the_node_that_it_began_with()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("recording", "export", Vm, "--part", "2", "--no-input");
        var first = await peer.AnswerAsync<RecordingQuery>(_ => Page(more: true, "2:9:0", """[1.50, "o", "\u001b[0mone"]""", """[2, "r", "90x20"]"""));
        var second = await peer.AnswerAsync<RecordingQuery>(_ => Page(more: false, "2:18:0", """[3, "o", "two"]"""));
        Assert.Equal(ExitCode.Ok, await run.ExitAsync());
        Assert.Equal((Vm, null, 2, null, false), (first.InstanceId, first.Node, first.Part, first.From, first.Input));
        Assert.Equal((Vm, "a-node", 2, "2:9:0", false), (second.InstanceId, second.Node, second.Part, second.From, second.Input));
        Assert.Equal(
            ["""{"version":2,"width":80,"height":24}""", """[1.50, "o", "\u001b[0mone"]""", """[2, "r", "90x20"]""", """[3, "o", "two"]"""],
            run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Play_shows_what_a_node_has_without_what_would_make_the_terminal_act()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("recording", "play", Vm, "--idle-limit", "0", "--node", "other");
        Assert.Equal("other", (await peer.AnswerAsync<RecordingQuery>(_ => Page(more: false, "1:9:0", """[1, "o", "a\u001b[6nb"]""", """[5, "m", "a marker"]"""))).Node);
        Assert.Equal(ExitCode.Ok, await run.ExitAsync());
        Assert.Equal("ab" + ReplayFilter.Restore, run.Output);
    }

    [Fact]
    public async Task List_asks_for_all_recorded_vms_and_says_what_cannot_be_had()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("recording", "list");
        await peer.AnswerAsync<VmList>(_ => new VmListReply { Instances = [State(Vm, recorded: true), State("vm-000000000002", recorded: false), State("vm-000000000003", recorded: true)] });
        Assert.Equal(1, (await peer.AnswerAsync<RecordingQuery>(_ => Page(more: true, "2:9:0", """[1, "o", "x"]"""))).Limit);
        await peer.AnswerAsync<RecordingQuery>(_ => new ErrorMessage { Code = ErrorCode.Unavailable, Message = "its node, far, does not answer" });
        Assert.Equal(ExitCode.Ok, await run.ExitAsync());
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches($@"^{Vm} +box +a-node +2026-01-01 00:00:00Z +0\.00:00:22 +2 +312 +7 +1 +parts 1 removed, 1 gaps", lines[1]);
        Assert.Equal(2, lines.Length);
        Assert.Contains("far, does not answer", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_shows_what_each_node_has_of_a_vm_that_moved()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("recording", "list", Vm);
        await peer.AnswerAsync<NodeList>(_ => new NodeListReply { Nodes = [.. ((string[])["one", "two", "three"]).Select(name => new NodeInfo { Name = name, State = "up" })] });
        var asked = new List<string?>
        {
            (await peer.AnswerAsync<RecordingQuery>(_ => Page(more: true, "2:9:0") with { Node = "one" })).Node,
            (await peer.AnswerAsync<RecordingQuery>(_ => new ErrorMessage { Code = ErrorCode.NotFound, Message = "there is no recording of it here" })).Node,
            (await peer.AnswerAsync<RecordingQuery>(_ => Page(more: true, "2:9:0") with { Node = "three" })).Node,
        };
        Assert.Equal(ExitCode.Ok, await run.ExitAsync());
        Assert.Equal(["one", "two", "three"], asked);
        Assert.Matches($@"{Vm} +box +one [^\n]*\n{Vm} +box +three ", run.Output);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task List_asks_for_the_vms_own_node_where_the_role_may_not_see_nodes_and_says_when_there_is_none()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("recording", "list", Vm);
        await peer.AnswerAsync<NodeList>(_ => new ErrorMessage { Code = ErrorCode.Forbidden, Message = "the role may not send node/list" });
        Assert.Null((await peer.AnswerAsync<RecordingQuery>(_ => new ErrorMessage { Code = ErrorCode.NotFound, Message = "there is no recording of it here" })).Node);
        Assert.Equal(ExitCode.Refused, await run.ExitAsync());
        Assert.Contains("there is no recording of it here (404)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_node_refuses_is_said_and_leaves_no_file()
    {
        await using var run = new VerbRun();
        var file = Path.Combine(DataDirectory, "out.cast");
        using var peer = await run.ConnectAsync("recording", "export", Vm, "-o", file);
        await peer.AnswerAsync<RecordingQuery>(_ => new ErrorMessage { Code = ErrorCode.NotFound, Message = "there is no recording of it here" });
        Assert.Equal(ExitCode.Refused, await run.ExitAsync());
        Assert.Contains("there is no recording of it here (404)", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task An_export_whose_connection_is_lost_leaves_the_former_file_as_it_was()
    {
        await using var run = new VerbRun();
        var file = Path.Combine(DataDirectory, "out.cast");
        await File.WriteAllTextAsync(file, "the former export");
        using (var peer = await run.ConnectAsync("recording", "export", Vm, "-o", file))
        {
            await peer.AnswerAsync<RecordingQuery>(_ => Page(more: true, "2:9:0", """[1, "o", "one"]"""));
        }

        Assert.Equal(ExitCode.NoConnection, await run.ExitAsync());
        Assert.Equal("the former export", await File.ReadAllTextAsync(file));
        Assert.Equal([file], Directory.GetFiles(DataDirectory));
    }

    [Theory]
    [InlineData("--data", "--connect")]
    [InlineData("--node", "--connect")]
    public async Task Options_that_do_not_go_together_are_a_wrong_command_line(string option, string named)
    {
        string[] more = option == "--data" ? ["--connect", "127.0.0.1:1"] : [];
        Assert.Equal(ExitCode.Usage, await Run.RunAsync(["recording", "list", option, DataDirectory, .. more]));
        Assert.Contains(named, Run.Error, StringComparison.Ordinal);
    }

    private static RecordingReply Page(bool more, string next, params string[] events) => new()
    {
        InstanceId = Vm,
        Node = "a-node",
        Name = "box",
        Started = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        DurationS = 22,
        OutputBytes = 7,
        Inputs = 1,
        Gaps = 1,
        Parts = [new RecordingPart(2, new DateTimeOffset(2026, 1, 1, 0, 0, 10, TimeSpan.Zero), 312)],
        Header = JsonSerializer.SerializeToElement(new { version = 2, width = 80, height = 24 }),
        Events = new RecordingEvents(System.Text.Encoding.UTF8.GetBytes($"[{string.Join(',', events)}]")),
        More = more,
        Next = next,
    };

    private static VmStateMessage State(string id, bool recorded) => new()
    {
        InstanceId = id,
        State = VmPhase.Running,
        Since = default,
        Node = "a-node",
        Os = "tiny",
        Cpu = 1,
        Ram = "128MB",
        Network = "none",
        Name = id,
        RecordSession = recorded ? true : null,
        Incarnation = 1,
        Revision = 1,
    };

    private void Part(int number, int offsetSeconds, string? shown = null)
    {
        Directory.CreateDirectory(Folder);
        var started = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var begun = started.AddSeconds(offsetSeconds);
        var batch = new CastBatch();
        batch.Clear(1_000_000);
        batch.Header(CastHeader.Of(80, 24, "box", new CastOrigin(Vm, "a-node", number, started, begun, offsetSeconds * 1_000_000L)));
        batch.Typed("f00d", "ls\r");
        var lines = batch.Lines.ToArray();
        batch.Clear(2_000_000);
        batch.Add(CastCode.Output, shown ?? $"shown {number}");
        batch.Add(CastCode.Checkpoint, new CastCheckpoint(TailPlace.Beginning, TailPlace.Beginning, 80, 24, 7, 1, 1).ToString());
        File.WriteAllBytes(RecordingFolder.PathOf(Folder, begun, number), [.. lines, .. batch.Lines]);
    }
}
