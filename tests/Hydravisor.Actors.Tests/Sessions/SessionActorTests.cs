using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Sessions;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Sessions;

/// <summary>What a session does with lines, answers and a peer that does not read.</summary>
public sealed class SessionActorTests(ITestOutputHelper output) : SessionSpec(output)
{
    [Fact]
    public async Task A_query_goes_to_its_vm_and_the_answer_bears_the_request_id()
    {
        var session = Open();
        Say(session, $$$"""{"type":"vm/state","instance_id":"{{{Id}}}","query":true,"meta":{"request_id":"r1"}}""");
        var query = await Node.ExpectMsgAsync<VmQuery>();
        Node.Reply(new VmReply.Granted(View(), Already: true) { Correlation = query.Correlation });
        var answer = Assert.IsType<VmStateMessage>(await Heard());
        Assert.Equal((Id, "r1", null), (answer.InstanceId, answer.Meta?.RequestId, answer.Broadcast));
    }

    [Fact]
    public async Task A_bad_line_is_answered_and_the_next_one_counts()
    {
        var session = Open();
        Say(session, "nonsense", """{"type":"mcp/heartbeat"}""");
        Assert.Equal(ErrorCode.BadRequest, Assert.IsType<ErrorMessage>(await Heard()).Code);
        Assert.IsType<HeartbeatReply>(await Heard());
    }

    [Fact]
    public async Task A_line_that_was_too_long_is_answered_413()
    {
        var session = Open();
        session.Tell(new SessionProtocol.LineBatch([new InboundLine(ReadOnlyMemory<byte>.Empty, 2_000_000)]), Stream);
        Assert.Equal(ErrorCode.TooLong, Assert.IsType<ErrorMessage>(await Heard()).Code);
    }

    [Fact]
    public async Task A_stranger_is_answered_401_whatever_it_wants()
    {
        var session = Open(new Policy("none", "none"));
        foreach (var entry in MessageCatalogue.Client.Where(entry => entry.WireType != MessageTypes.Heartbeat))
        {
            Say(session, entry.Sample);
            Assert.Equal(ErrorCode.Unauthorized, Assert.IsType<ErrorMessage>(await Heard()).Code);
        }

        await Node.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
    }

    [Theory]
    [InlineData("""{"type":"vm/delete","instance_id":"vm-23ac1a9d"}""", "roles.reader.deny[0]")]
    [InlineData("""{"type":"vm/create","os":"tiny"}""", "default-deny")]
    [InlineData("""{"type":"vm/attach-terminal","instance_id":"vm-23ac1a9d","role":"operator"}""", "roles.reader.terminal")]
    public async Task A_denial_bears_the_rule_that_decided_and_the_policys_digest(string line, string rule)
    {
        var reader = PolicyRole.Trusted with
        {
            Name = "reader",
            Allow = [.. new[] { "vm/delete", "vm/attach-terminal" }.Select(Pattern)],
            Deny = [Pattern("vm/delete")],
            Terminal = [TerminalRole.Auditor],
        };
        var policy = new Policy(new PolicyData { Roles = [reader], Loopback = "reader" });
        Say(Open(policy), line);
        var error = Assert.IsType<ErrorMessage>(await Heard());
        Assert.Equal((ErrorCode.Forbidden, rule, policy.Digest), (error.Code, error.Rule, error.Policy));
        await Node.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task Every_message_of_the_catalogue_leads_somewhere()
    {
        var session = Open(settings: Settings.Session with { InFlightMax = 100 });
        foreach (var entry in MessageCatalogue.Client.Where(entry => entry.WireType != MessageTypes.Heartbeat))
        {
            Say(session, entry.Sample);
            var sent = await Node.ReceiveOneAsync();
            Assert.True(sent is VmAsk or VmQuery or HostMessages.CreateVm or HostMessages.ListVms or HostMessages.QueryNodes or HostMessages.SetCordon, $"{entry.WireType} became {sent}");
            if (sent is HostMessages.ListVms list)
            {
                // While a list is awaited no further line is taken.
                Node.Reply(new HostMessages.VmsListed(list.Correlation, []));
            }
        }
    }

    [Fact]
    public async Task An_id_that_cannot_be_one_is_answered_as_one_that_is_not_there()
    {
        Say(Open(), """{"type":"vm/start","instance_id":"../../etc/passwd"}""");
        Assert.Equal(ErrorCode.NotFound, Assert.IsType<ErrorMessage>(await Heard()).Code);
    }

    [Fact]
    public async Task No_more_lines_are_taken_while_too_many_requests_are_open()
    {
        var session = Open();
        Say(session, [.. Enumerable.Repeat($$"""{"type":"vm/state","instance_id":"{{Id}}"}""", Settings.Session.InFlightMax)]);
        var queries = new List<VmQuery>();
        for (var i = 0; i < Settings.Session.InFlightMax; i++)
        {
            queries.Add(await Node.ExpectMsgAsync<VmQuery>());
        }

        await Stream.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
        session.Tell(new VmReply.Granted(View(), Already: true) { Correlation = queries[0].Correlation });
        await Stream.ExpectMsgAsync<SessionProtocol.Ack>();
    }

    [Fact]
    public async Task What_was_asked_before_the_peer_closed_is_answered_before_the_session_ends()
    {
        var session = Open();
        Watch(session);
        Say(session, $$"""{"type":"vm/start","instance_id":"{{Id}}"}""");
        var ask = await Node.ExpectMsgAsync<VmAsk>();
        session.Tell(SessionProtocol.InputEnded.Instance, Stream);
        session.Tell(new VmReply.Denied(ask.Id, ErrorCode.Conflict, "no") { Correlation = ask.Correlation });
        Assert.Equal(ErrorCode.Conflict, Assert.IsType<ErrorMessage>(await Heard()).Code);
        await ExpectTerminatedAsync(session);
        await Outbound.Completion.WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task A_peer_that_does_not_read_is_cut()
    {
        var session = Open(settings: Settings.Session with { OutboundBytesMax = 10_000, OutboundChunkBytes = 1000 });
        Watch(session);
        var changed = new HostMessages.VmChanged(VmPhase.Booting, View());
        for (var i = 0; i < 200; i++)
        {
            session.Tell(changed);
        }

        await ExpectTerminatedAsync(session);
    }

    [Fact]
    public Task What_a_healed_link_held_back_of_a_lost_vm_is_not_told_behind_what_came_later() => ToldAsync(
        [(VmPhase.Running, 4), (VmPhase.Unreachable, 6), (VmPhase.Suspended, 5), (VmPhase.Running, 6), (VmPhase.Stopped, 7), (VmPhase.Running, 6), (VmPhase.Deleted, 8)],
        [(VmPhase.Running, 4), (VmPhase.Unreachable, 6), (VmPhase.Running, 6), (VmPhase.Stopped, 7), (VmPhase.Deleted, 8)]);

    [Fact]
    public Task How_a_vm_was_when_its_node_came_back_is_not_told_behind_what_became_of_it_since() => ToldAsync(
        [(VmPhase.Stopping, 5), (VmPhase.Running, 4), (VmPhase.Stopped, 6), (VmPhase.Deleted, 7)],
        [(VmPhase.Stopping, 5), (VmPhase.Stopped, 6), (VmPhase.Deleted, 7)]);

    private async Task ToldAsync((VmPhase Phase, long Revision)[] changes, (VmPhase Phase, long Revision)[] told)
    {
        var session = Open();
        foreach (var (phase, revision) in changes)
        {
            session.Tell(new HostMessages.VmChanged(VmPhase.Booting, View() with { Phase = phase, Revision = revision }));
        }

        var heard = new List<(VmPhase, long)>();
        while (heard is not [.., (VmPhase.Deleted, _)])
        {
            var state = Assert.IsType<VmStateMessage>(await Heard());
            heard.Add((state.State, state.Revision));
        }

        Assert.Equal(told, heard);
    }

    [Fact]
    public async Task A_silent_peer_is_asked_and_then_cut_with_408()
    {
        var session = Open(settings: Settings.Session with { HeartbeatInterval = TimeSpan.FromMilliseconds(20) });
        Watch(session);
        for (var i = 0; i < Settings.Session.HeartbeatsUnansweredMax; i++)
        {
            Assert.IsType<HeartbeatRequest>(await Heard());
        }

        Assert.Equal(ErrorCode.TimedOut, Assert.IsType<ErrorMessage>(await Heard()).Code);
        await ExpectTerminatedAsync(session);
    }

    [Fact]
    public async Task A_request_that_nobody_answers_is_answered_408()
    {
        Say(Open(settings: Settings.Session with { RequestTimeout = TimeSpan.FromMilliseconds(50) }), $$"""{"type":"vm/start","instance_id":"{{Id}}"}""");
        Assert.Equal(ErrorCode.TimedOut, Assert.IsType<ErrorMessage>(await Heard()).Code);
    }

    [Fact]
    public async Task Every_vm_is_told_and_then_that_there_are_no_more()
    {
        Say(Open(), """{"type":"vm/state","instance_id":"*","subscribe":true,"meta":{"request_id":"all"}}""");
        Assert.Null((await Node.ExpectMsgAsync<HostMessages.Follow>()).Id);
        var list = await Node.ExpectMsgAsync<HostMessages.ListVms>();
        Node.Reply(new HostMessages.VmsListed(list.Correlation, [View()]));
        Assert.Equal("all", Assert.IsType<VmStateMessage>(await Heard()).Meta?.RequestId);
        Assert.Equal(VmStateQuery.Every, Assert.IsType<OkReply>(await Heard()).InstanceId);
    }

    [Fact]
    public async Task Only_so_many_vms_are_followed_by_name()
    {
        var session = Open();
        for (var i = 0; i < Settings.Session.FollowedMax; i++)
        {
            Say(session, $$"""{"type":"vm/state","instance_id":"vm-0000000{{i}}","subscribe":true}""");
            await Node.ExpectMsgAsync<HostMessages.Follow>();
            await Node.ExpectMsgAsync<VmQuery>();
        }

        Say(session, """{"type":"vm/state","instance_id":"vm-ffffffff","subscribe":true}""");
        Assert.Equal(ErrorCode.TooMany, Assert.IsType<ErrorMessage>(await Heard()).Code);
    }

    [Theory]
    [InlineData("\"cpu\":0")]
    [InlineData("\"ram\":\"4XB\"")]
    [InlineData("\"ram\":\"0GB\"")]
    [InlineData("\"disk\":\"big\"")]
    [InlineData("\"network\":\"bridge\"")]
    [InlineData("\"model\":\"\"")]
    [InlineData("\"meta\":{\"name\":\"No Good\"}")]
    [InlineData("\"meta\":{\"labels\":{\"\":\"x\"}}")]
    public async Task A_wish_that_is_impossible_anywhere_is_answered_422(string field)
    {
        Say(Open(), $$"""{"type":"vm/create","os":"tiny",{{field}}}""");
        Assert.Equal(ErrorCode.Impossible, Assert.IsType<ErrorMessage>(await Heard()).Code);
    }

    [Theory]
    [InlineData("", true, true)]
    [InlineData("", false, false)]
    [InlineData(",\"meta\":{\"record_session\":false}", true, true)]
    [InlineData(",\"meta\":{\"record_session\":true}", false, true)]
    public async Task The_vms_of_a_role_that_is_recorded_are_so_whatever_it_asks_for(string meta, bool recorded, bool wanted)
    {
        Say(Open(new Policy("trusted", "none", recorded ? ["trusted"] : [])), $$"""{"type":"vm/create","os":"tiny"{{meta}}}""");
        Assert.Equal(wanted, (await Node.ExpectMsgAsync<HostMessages.CreateVm>()).Request.Value.RecordSession);
    }

    [Fact]
    public async Task What_is_typed_before_the_answer_to_an_attach_is_not_typed_past_the_recording()
    {
        var session = Open();
        Say(
            session,
            $$$"""{"type":"vm/attach-terminal","instance_id":"{{{Id}}}","role":"operator","stream":true}""",
            $$$"""{"type":"terminal/input","instance_id":"{{{Id}}}","data":"x","meta":{"request_id":"typed"}}""");
        var attach = await Node.ExpectMsgAsync<VmAsk>();
        var input = await Node.ExpectMsgAsync<VmQuery>();
        session.Tell(new VmReply.Attached(View(), "s", false, "tmux") { Correlation = attach.Correlation });
        session.Tell(new VmReply.Granted(View(), Already: true) { Correlation = input.Correlation });
        ServerMessage heard;
        do
        {
            heard = await Heard();
        }
        while (heard.Meta?.RequestId != "typed");
        var error = Assert.IsType<ErrorMessage>(heard);
        Assert.Equal(ErrorCode.Conflict, error.Code);
        Assert.Contains("yet", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recording_is_asked_for_also_of_a_vm_that_is_gone_and_one_that_there_is_not_is_not_found()
    {
        var session = Open();
        Say(session, $$"""{"type":"recording/query","instance_id":"{{Id}}","limit":5}""");
        var query = await Node.ExpectMsgAsync<VmQuery>();
        Assert.True(query.AlsoGone);
        session.Tell(new VmReply.Granted(View(), Already: true) { Correlation = query.Correlation });
        var error = Assert.IsType<ErrorMessage>(await Heard());
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains("record_session", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recording_is_told_to_be_at_the_node_that_has_it_whatever_that_was_called_when_it_recorded()
    {
        await Ports.Recordings.BeginAsync(InstanceId.Parse(Id), new RecordingStart("an-old-name", "box", 80, 24, "/nonexistent/console", TypedLogPath: null));
        var session = Open();
        Say(session, $$"""{"type":"recording/query","instance_id":"{{Id}}"}""");
        session.Tell(new VmReply.Granted(View(), Already: true) { Correlation = (await Node.ExpectMsgAsync<VmQuery>()).Correlation });
        Assert.Equal(View().Node, Assert.IsType<RecordingReply>(await Heard()).Node);
    }

    [Theory]
    [InlineData("\"part\":0", ErrorCode.Impossible, "count from 1")]
    [InlineData("\"part\":3000000000", ErrorCode.Impossible, "part 3000000000")]
    [InlineData("\"limit\":0", ErrorCode.Impossible, "10000")]
    [InlineData("\"limit\":10001", ErrorCode.Impossible, "10000")]
    [InlineData("\"from\":\"start\"", ErrorCode.Impossible, "next")]
    [InlineData("\"from\":1", ErrorCode.BadRequest, "from")]
    [InlineData("\"input\":\"no\"", ErrorCode.BadRequest, "input")]
    public async Task A_piece_of_a_recording_that_cannot_be_is_refused(string more, ErrorCode code, string says)
    {
        Say(Open(), $$"""{"type":"recording/query","instance_id":"{{Id}}",{{more}}}""");
        var error = Assert.IsType<ErrorMessage>(await Heard());
        Assert.Equal(code, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ANode_that_stops_says_so()
    {
        var session = Open();
        Watch(session);
        session.Tell(SessionProtocol.Drain.Instance);
        Assert.Equal(ErrorCode.Unavailable, Assert.IsType<ErrorMessage>(await Heard()).Code);
        await ExpectTerminatedAsync(session);
    }

    [Fact]
    public async Task A_line_that_was_begun_and_not_ended_closes_the_connection_with_408()
    {
        var session = Open();
        Watch(session);
        session.Tell(new SessionProtocol.LineBatch([], IsLate: true), Stream);
        Assert.Equal(ErrorCode.TimedOut, Assert.IsType<ErrorMessage>(await Heard()).Code);
        await ExpectTerminatedAsync(session);
    }

    [Fact]
    public async Task Who_is_only_denied_is_closed_after_so_many()
    {
        var session = Open(new Policy("none", "none"));
        Watch(session);
        Say(session, [.. Enumerable.Repeat("""{"type":"vm/list"}""", Settings.Session.DenialsMax - 1), """{"type":"mcp/heartbeat"}""", "nonsense", """{"type":"vm/list"}"""]);
        for (var number = 1; number < Settings.Session.DenialsMax; number++)
        {
            Assert.Equal(ErrorCode.Unauthorized, Assert.IsType<ErrorMessage>(await Heard()).Code);
        }

        Assert.IsType<HeartbeatReply>(await Heard());
        Assert.Equal(ErrorCode.BadRequest, Assert.IsType<ErrorMessage>(await Heard()).Code);
        Assert.Equal(ErrorCode.TooMany, Assert.IsType<ErrorMessage>(await Heard()).Code);
        await ExpectTerminatedAsync(session);
    }

    [Fact]
    public async Task Who_may_speak_is_not_closed_for_what_is_wrong()
    {
        var session = Open();
        Say(session, [.. Enumerable.Repeat("nonsense", Settings.Session.DenialsMax * 2), """{"type":"mcp/heartbeat"}"""]);
        for (var number = 0; number < Settings.Session.DenialsMax * 2; number++)
        {
            Assert.Equal(ErrorCode.BadRequest, Assert.IsType<ErrorMessage>(await Heard()).Code);
        }

        Assert.IsType<HeartbeatReply>(await Heard());
    }

    private static MessagePattern Pattern(string text) =>
        MessagePattern.TryParse(text, out var pattern, out var problem) ? pattern : throw new ArgumentException(problem);
}
