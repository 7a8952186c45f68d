using System.Text.Json;
using Hydravisor.Actors.Tests.Access.Agents;
using Hydravisor.Client.Tests;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

/// <summary>What each verb asks of the node, and what it makes of the answer.</summary>
public class VmVerbTests
{
    private const string Id = "vm-0123456789ab";

    private static readonly VmCreated Created = new() { InstanceId = Id, State = VmPhase.Provisioning, Incarnation = 1 };

    public static TheoryData<string> Lifecycle => ["start", "stop", "suspend", "resume", "reboot", "delete"];

    [Fact]
    public void Every_message_about_VMs_has_a_verb()
    {
        var verbs = Program.Build().Subcommands.Single(group => group.Name == "vm").Subcommands.Select(verb => verb.Name);
        var wanted = MessageCatalogue.Client.Select(entry => entry.WireType.Split('/')).Where(type => type[0] is "vm" or "log" or "terminal")
            .Select(type => type switch { ["vm", "state"] => "info", ["vm", "attach-terminal"] => "attach", ["vm", var verb] => verb, ["log", _] => "logs", _ => type[0] });
        Assert.Equal(wanted.Append("watch").Distinct().Order(StringComparer.Ordinal), verbs.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Create_sends_what_the_command_line_says()
    {
        await using var run = new VerbRun();
        var sent = await run.AnswerAsync<VmCreate>(
            Created, "vm", "create", "ubuntu-22.04", "--cpu", "2", "--ram", "4GB", "--disk", "20GB", "--network", "user", "--model", "ollama:llama3",
            "--name", "llama-sandbox", "--label", "team=red", "--label", "empty=", "--record", "--request-id", "@mine");
        Assert.Equal(
            new VmCreate { Os = "ubuntu-22.04", Cpu = 2, Ram = "4GB", Disk = "20GB", Network = "user", Model = "ollama:llama3" }, sent with { Meta = null });
        Assert.Equal(
            new MessageMeta { RequestId = "@mine", Name = "llama-sandbox", RecordSession = true }, sent.Meta! with { Labels = null });
        Assert.Equal(new Dictionary<string, string> { ["team"] = "red", ["empty"] = "" }, sent.Meta!.Labels);
        Assert.Equal($"{Id} provisioning\n", run.Output);
        Assert.Equal(0, await run.ExitAsync());
    }

    [Fact]
    public async Task Create_leaves_out_what_the_command_line_does_not_say()
    {
        await using var run = new VerbRun();
        var sent = await run.AnswerAsync<VmCreate>(Created, "vm", "create", "tiny", "-o", "json");
        Assert.Equal(new VmCreate { Os = "tiny", Meta = new MessageMeta { RequestId = sent.Meta!.RequestId } }, sent);
        Assert.Equal($$"""{"type":"vm/create","ok":true,"instance_id":"{{Id}}","state":"provisioning","incarnation":1}""" + "\n", run.Output);
    }

    [Fact]
    public async Task Create_can_wait_until_the_VM_runs()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "create", "tiny", "--wait", "-o", "json");
        await peer.AnswerAsync<VmCreate>(_ => Created);
        Assert.True((await peer.AnswerAsync<VmStateQuery>(_ => Samples.State(VmPhase.Provisioning, 1, Id))).Subscribe);
        await peer.SendAsync(Samples.Broadcast(VmPhase.Booting, 2, Id));
        await peer.SendAsync(Samples.Broadcast(VmPhase.Running, 3, Id));
        Assert.Equal(0, await run.ExitAsync());
        Assert.Equal("running", JsonDocument.Parse(run.Output).RootElement.GetProperty("state").GetString());
        Assert.Equal(["provisioning", "booting", "running"], run.Error.Trim().Split('\n').Select(line => line.Split(' ')[^1]));
    }

    [Fact]
    public async Task Waiting_ends_when_the_VM_fails()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "create", "tiny", "--wait");
        await peer.AnswerAsync<VmCreate>(_ => Created);
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.State(VmPhase.Failed, 1, Id) with { Reason = "no disk" });
        Assert.Equal(1, await run.ExitAsync());
        Assert.EndsWith($"hydravisor: {Id} is failed and will not be running: no disk\n", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Waiting_ends_when_the_time_is_over()
    {
        var time = new RungTime();
        await using var run = new VerbRun { Time = time };
        using var peer = await run.ConnectAsync("vm", "stop", Id, "--wait", "--timeout", "20");
        await peer.AnswerAsync<VmStop>(_ => Samples.Ok("vm/stop"));
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.State(VmPhase.Stopping, 1, Id));
        await run.SaysAsync("stopping");
        time.Ring();
        Assert.Equal(1, await run.ExitAsync());
        Assert.Contains($"{Id} is stopping and not stopped after 20 s; the node goes on with it", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Lifecycle))]
    public async Task A_verb_sends_its_message_and_says_that_it_was_accepted(string verb)
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", verb, Id);
        var line = await peer.ReceiveLineAsync();
        var sent = Assert.IsAssignableFrom<InstanceMessage>(LineCodec.Decode(System.Text.Encoding.UTF8.GetBytes(line!)).Message);
        Assert.Equal(($"vm/{verb}", Id), (sent.Type, sent.InstanceId));
        Assert.Null((sent as VmStop)?.Force);
        await peer.SendAsync(Samples.Ok(sent.Type) with { Meta = ReplyMeta.For(sent.Meta!.RequestId) });
        Assert.Equal(0, await run.ExitAsync());
        Assert.Equal($"{Id} {verb} accepted\n", run.Output);
    }

    [Theory]
    [InlineData("start", VmPhase.Booting, VmPhase.Running)]
    [InlineData("stop", VmPhase.Stopping, VmPhase.Stopped)]
    [InlineData("suspend", VmPhase.Running, VmPhase.Suspended)]
    [InlineData("resume", VmPhase.Suspended, VmPhase.Running)]
    [InlineData("reboot", VmPhase.Running, VmPhase.Running)]
    [InlineData("delete", VmPhase.Failed, VmPhase.Deleted)]
    public async Task A_verb_can_wait_for_its_goal(string verb, VmPhase before, VmPhase goal)
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", verb, Id, "--wait");
        var line = await peer.ReceiveLineAsync();
        var sent = LineCodec.Decode(System.Text.Encoding.UTF8.GetBytes(line!)).Message!;
        await peer.SendAsync(Samples.Ok(sent.Type) with { Meta = ReplyMeta.For(sent.Meta!.RequestId) });
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.State(before, 1, Id));
        await peer.SendAsync(Samples.Broadcast(goal, 2, Id) with { Incarnation = 2 });
        Assert.Equal(0, await run.ExitAsync());
        Assert.Equal($"{Id} {goal.ToWireName()}\n", run.Output);
    }

    [Fact]
    public async Task To_wait_for_a_deletion_that_is_done_already_is_no_error()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "delete", Id, "--wait");
        await peer.AnswerAsync<VmDelete>(_ => Samples.Ok("vm/delete"));
        await peer.AnswerAsync<VmStateQuery>(_ => new ErrorMessage { Code = ErrorCode.NotFound, Message = "no such instance" });
        Assert.Equal(0, await run.ExitAsync());
        Assert.Equal($"{Id} deleted\n", run.Output);
    }

    [Fact]
    public async Task Stop_can_pull_the_plug()
    {
        await using var run = new VerbRun();
        Assert.True((await run.AnswerAsync<VmStop>(Samples.Ok("vm/stop"), "vm", "stop", Id, "--force")).Force);
    }

    [Fact]
    public async Task Attach_runs_the_command_of_the_node()
    {
        var reply = new AttachReply { InstanceId = Id, Session = "s", Mode = "read-only", Attach = "tmux -S '/run/x y' attach -r", Incarnation = 1 };
        await using var run = new VerbRun();
        Assert.Equal("auditor", (await run.AnswerAsync<VmAttachTerminal>(reply, "vm", "attach", Id, "--role", "auditor")).Role);
        Assert.Equal([reply.Attach], run.Shelled);
        Assert.Equal(("", "", 0), (run.Output, run.Error, await run.ExitAsync()));

        await using var fails = new VerbRun { ShellExitCode = 127 };
        Assert.Equal("operator", (await fails.AnswerAsync<VmAttachTerminal>(reply, "vm", "attach", Id)).Role);
        Assert.Equal(1, await fails.ExitAsync());
        Assert.Contains($"ended with 127. It can be opened on the node's own machine only, there with: {reply.Attach}", fails.Error, StringComparison.Ordinal);

        await using var json = new VerbRun();
        await json.AnswerAsync<VmAttachTerminal>(reply, "vm", "attach", Id, "-o", "json");
        Assert.Empty(json.Shelled);
        Assert.Equal(reply.Attach, JsonDocument.Parse(json.Output).RootElement.GetProperty("attach").GetString());
    }

    [Fact]
    public async Task Exec_ends_as_the_command_ended_with_its_outputs()
    {
        var reply = new ExecReply { InstanceId = Id, ExitCode = 3, Stdout = "out\n", Stderr = "err\n", Truncated = false, Incarnation = 1 };
        await using var run = new VerbRun();
        var sent = await run.AnswerAsync<VmExec>(reply, "vm", "exec", Id, "--timeout", "5", "--", "exit 3");
        Assert.Equal(("exit 3", null, 5L, null), (sent.Command, sent.Argv, sent.TimeoutS, sent.Stdin));
        Assert.Equal(("out\n", "err\n", 3), (run.Output, run.Error, await run.ExitAsync()));

        await using var argv = new VerbRun { Input = "typed" };
        sent = await argv.AnswerAsync<VmExec>(reply with { ExitCode = 0 }, "vm", "exec", Id, "-i", "--", "/bin/ls", "-l", "--all");
        Assert.Equal(["/bin/ls", "-l", "--all"], sent.Argv!);
        Assert.Equal((null, "typed", 0), (sent.Command, sent.Stdin, await argv.ExitAsync()));
    }

    [Fact]
    public async Task Exec_of_a_program_without_its_path_has_the_guests_shell_find_it_and_look_at_nothing_else()
    {
        await using var run = new VerbRun();
        var sent = await run.AnswerAsync<VmExec>(
            new ExecReply { InstanceId = Id, ExitCode = 0, Stdout = "", Stderr = "", Truncated = false, Incarnation = 1 }, "vm", "exec", Id, "--", "echo", "$HOME; id", "a b");
        Assert.Equal(["/bin/sh", "-c", "exec \"$@\"", "sh", "echo", "$HOME; id", "a b"], sent.Argv!);
        Assert.Null(sent.Command);
    }

    [Fact]
    public async Task Exec_passes_bytes_on_and_keeps_a_terminal_from_what_it_would_obey()
    {
        var bytes = new ExecReply { InstanceId = Id, ExitCode = 0, StdoutB64 = "/wA=", Stderr = "", Truncated = true, Incarnation = 1 };
        await using var piped = new VerbRun();
        await piped.AnswerAsync<VmExec>(bytes, "vm", "exec", Id, "--", "cat");
        Assert.Equal([0xFF, 0x00], piped.OutputBytes.ToArray());
        Assert.Contains("more than 256 KiB", piped.Error, StringComparison.Ordinal);

        await using var shown = new VerbRun { OutputIsTerminal = true };
        await shown.AnswerAsync<VmExec>(bytes with { StdoutB64 = null, Stdout = "a\tb\r\n\u001b[2Jc\n" }, "vm", "exec", Id, "--", "cat");
        Assert.Equal("a\tb\n\uFFFD[2Jc\n", shown.Output);
    }

    [Fact]
    public async Task Exec_that_did_not_run_ends_with_a_code_of_its_own()
    {
        await using var run = new VerbRun();
        await run.AnswerAsync<VmExec>(
            new ErrorMessage { Code = ErrorCode.Conflict, Message = "it has no guest agent", InstanceId = Id }, "vm", "exec", Id, "--", "true");
        Assert.Equal(125, await run.ExitAsync());
        Assert.Contains("it has no guest agent (409)", run.Error, StringComparison.Ordinal);
    }
}
