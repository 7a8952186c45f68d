using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Sessions;

/// <summary>What stands in the ledger before an answer goes out.</summary>
public sealed class EvidenceTests(ITestOutputHelper output) : SessionSpec(output)
{
    private static readonly Policy Limited = PolicyOf(new PolicyRole { Name = "r", Allow = [Pattern("vm/state"), Pattern("vm/list"), Pattern("vm/stop"), Pattern("vm/attach-terminal")], Terminal = [TerminalRole.Operator] });

    private static readonly Policy Audited = PolicyOf(PolicyRole.Trusted with { Name = "r", Audited = true });

    [Fact]
    public async Task A_stranger_is_denied_and_that_is_written_down()
    {
        Say(Open(new Policy("none", "none")), """{"type":"vm/delete","instance_id":"vm-23ac1a9d","meta":{"request_id":"r1"}}""");
        Assert.Equal(ErrorCode.Unauthorized, Assert.IsType<ErrorMessage>(await Heard()).Code);
        var (cause, what) = Assert.Single(Ledger.Heard);
        Assert.Equal((Principal.Anonymous, "r1", "c1"), (cause.Agent, cause.RequestId, cause.Connection));
        Assert.Equal(("vm/delete", Id, 401), Denied(what));
    }

    [Fact]
    public async Task What_the_policy_denies_is_written_down_with_its_rule()
    {
        Say(Open(Limited), $$$"""{"type":"vm/suspend","instance_id":"{{{Id}}}"}""");
        var error = Assert.IsType<ErrorMessage>(await Heard());
        var (cause, what) = Assert.Single(Ledger.Heard);
        Assert.Equal((error.Rule, error.Policy, "r"), (cause.Rule, cause.Policy, cause.Role));
        Assert.Equal(("vm/suspend", Id, 403), Denied(what));
    }

    [Fact]
    public async Task Nothing_is_denied_that_cannot_be_written_down()
    {
        Ledger.Refuse("full");
        Say(Open(Limited), $$$"""{"type":"vm/state","instance_id":"{{{Id}}}","query":true}""");
        var query = await Node.ExpectMsgAsync<VmQuery>();
        Node.Reply(VmReply.NotThere(InstanceId.Parse(Id), query.Correlation));
        var error = Assert.IsType<ErrorMessage>(await Heard());
        Assert.Equal(ErrorCode.Unavailable, error.Code);
        Assert.Contains("full", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_ledger_cannot_be_written_nothing_is_changed_and_reads_go_on()
    {
        var session = Open();
        Ledger.Refuse("full");
        Say(session, $$$"""{"type":"vm/stop","instance_id":"{{{Id}}}","meta":{"request_id":"r1"}}""", """{"type":"vm/list"}""");
        var error = Assert.IsType<ErrorMessage>(await Heard());
        Assert.Equal((ErrorCode.Unavailable, Id, "r1"), (error.Code, error.InstanceId, error.Meta?.RequestId));
        var list = await Node.ExpectMsgAsync<HostMessages.ListVms>();
        Node.Reply(new HostMessages.VmsListed(list.Correlation, [View()]));
        Assert.Single(Assert.IsType<VmListReply>(await Heard()).Instances);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_vm_that_is_not_there_is_written_down_of_whom_one_may_be_hidden(bool maybeHidden)
    {
        Say(Open(maybeHidden ? Limited : null), $$$"""{"type":"vm/stop","instance_id":"{{{Id}}}"}""");
        var ask = await Node.ExpectMsgAsync<VmAsk>();
        Node.Reply(VmReply.NotThere(InstanceId.Parse(Id), ask.Correlation));
        Assert.Equal(ErrorCode.NotFound, Assert.IsType<ErrorMessage>(await Heard()).Code);
        if (maybeHidden)
        {
            Assert.Equal(("vm/stop", Id, 404), Denied(Assert.Single(Ledger.Heard).What));
        }
        else
        {
            Assert.Empty(Ledger.Heard);
        }
    }

    [Fact]
    public async Task Who_is_audited_has_every_read_written_down_and_a_change_only_in_its_vms_stream()
    {
        var session = Open(Audited);
        Say(session, $$$"""{"type":"vm/state","instance_id":"{{{Id}}}","query":true}""");
        Node.Reply(new VmReply.Granted(View(), Already: true) { Correlation = (await Node.ExpectMsgAsync<VmQuery>()).Correlation });
        Assert.IsType<VmStateMessage>(await Heard());
        Say(session, $$$"""{"type":"vm/stop","instance_id":"{{{Id}}}"}""");
        Node.Reply(new VmReply.Granted(View(), Already: false) { Correlation = (await Node.ExpectMsgAsync<VmAsk>()).Correlation });
        Assert.IsType<OkReply>(await Heard());
        Say(session, $$$"""{"type":"vm/stop","instance_id":"{{{Id}}}"}""");
        Node.Reply(new VmReply.Denied(InstanceId.Parse(Id), ErrorCode.Conflict, "so already") { Correlation = (await Node.ExpectMsgAsync<VmAsk>()).Correlation });
        Assert.IsType<ErrorMessage>(await Heard());
        Say(session, """{"type":"vm/list"}""");
        Node.Reply(new HostMessages.VmsListed((await Node.ExpectMsgAsync<HostMessages.ListVms>()).Correlation, []));
        Assert.IsType<VmListReply>(await Heard());
        Assert.Equal(
            [("vm/state", Id, 200), ("vm/stop", Id, 409), ("vm/list", null, 200)],
            Ledger.Heard.Select(each => (LedgerEvents.Commanded)each.What).Select(each => (each.Type, each.InstanceId, each.Code)));
        Assert.All(Ledger.Heard, each => Assert.NotNull(each.Cause.Rule));
    }

    [Fact]
    public async Task Nothing_is_read_by_who_is_audited_that_cannot_be_written_down()
    {
        var session = Open(Audited);
        Say(session, """{"type":"vm/list"}""");
        var list = await Node.ExpectMsgAsync<HostMessages.ListVms>();
        Ledger.Refuse("full");
        Node.Reply(new HostMessages.VmsListed(list.Correlation, [View()]));
        Assert.Equal(ErrorCode.Unavailable, Assert.IsType<ErrorMessage>(await Heard()).Code);
    }

    [Fact]
    public async Task A_terminal_is_shown_once_that_is_written_down_and_so_is_its_end()
    {
        var session = Open(Limited);
        Say(session, $$$"""{"type":"vm/attach-terminal","instance_id":"{{{Id}}}","role":"operator","stream":true}""");
        var ask = await Node.ExpectMsgAsync<VmAsk>();
        Node.Reply(new VmReply.Attached(View(), "s", ReadOnly: false, "tmux") { Correlation = ask.Correlation });
        Assert.IsType<AttachReply>(await Heard());
        var attached = Assert.IsType<LedgerEvents.Attached>(Ledger.Heard[0].What);
        Assert.Equal((Id, "operator", true), (attached.InstanceId, attached.Role, attached.Streamed));
        Watch(session);
        session.Tell(new Actors.Sessions.SessionProtocol.InputFailed("reset"));
        await ExpectTerminatedAsync(session);
        Assert.Equal(Id, Assert.Single(Ledger.Heard.Select(each => each.What).OfType<LedgerEvents.Detached>()).InstanceId);
    }

    [Fact]
    public async Task Who_sends_too_much_is_told_each_time_and_written_down_once_a_second()
    {
        var session = Open(PolicyOf(PolicyRole.Trusted with { Name = "r", Limits = new RoleLimits(MessagesPerSecond: 1) }));
        Say(session, [.. Enumerable.Repeat("""{"type":"vm/list"}""", 50)]);
        var list = await Node.ExpectMsgAsync<HostMessages.ListVms>();
        Node.Reply(new HostMessages.VmsListed(list.Correlation, []));
        for (var i = 0; i < 40; i++)
        {
            await Heard();
        }

        var denied = Ledger.Heard.Select(each => Assert.IsType<LedgerEvents.Denied>(each.What)).ToList();
        Assert.InRange(denied.Count, 1, 39);
        Assert.All(denied, each => Assert.Equal(429, each.Code));
    }

    private static (string?, string?, int) Denied(ILedgerEvent what) =>
        Assert.IsType<LedgerEvents.Denied>(what) is var denied ? (denied.Type, denied.InstanceId, denied.Code) : default;

    private static Policy PolicyOf(PolicyRole role) => new(new PolicyData { Roles = [role], Loopback = "r" });

    private static MessagePattern Pattern(string text) =>
        MessagePattern.TryParse(text, out var pattern, out var problem) ? pattern : throw new ArgumentException(problem);
}
