using System.Net;
using System.Text;
using System.Threading.Channels;
using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Sessions;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Sessions;

/// <summary>A session between a probe that stands for the directory and a channel that stands for the socket.</summary>
public sealed class SessionActorTests : HydravisorSpec, IAsyncLifetime
{
    private const string Id = "vm-23ac1a9d";
    private readonly Channel<ReadOnlyMemory<byte>> _outbound = Channel.CreateBounded<ReadOnlyMemory<byte>>(2);
    private readonly Queue<string> _lines = [];
    private readonly TestProbe _node;
    private readonly TestProbe _stream;
    private readonly SimulatedNode _simulated = new();

    public SessionActorTests(ITestOutputHelper output)
        : base(output)
    {
        _node = CreateTestProbe("node");
        _stream = CreateTestProbe("stream");
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Sys.Terminate();
        await _simulated.DisposeAsync();
    }

    [Fact]
    public async Task A_query_goes_to_its_vm_and_the_answer_bears_the_request_id()
    {
        var session = Open();
        Say(session, $$$"""{"type":"vm/state","instance_id":"{{{Id}}}","query":true,"meta":{"request_id":"r1"}}""");
        var query = await _node.ExpectMsgAsync<VmQuery>();
        _node.Reply(new VmReply.Granted(View(), Already: true) { Correlation = query.Correlation });
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
        session.Tell(new SessionProtocol.LineBatch([new InboundLine(ReadOnlyMemory<byte>.Empty, 2_000_000)]), _stream);
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

        await _node.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
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
        await _node.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task Every_message_of_the_catalogue_leads_somewhere()
    {
        var session = Open(settings: Settings.Session with { InFlightMax = 100 });
        foreach (var entry in MessageCatalogue.Client.Where(entry => entry.WireType != MessageTypes.Heartbeat))
        {
            Say(session, entry.Sample);
            var sent = await _node.ReceiveOneAsync();
            Assert.True(sent is VmAsk or VmQuery or HostMessages.CreateVm or HostMessages.ListVms, $"{entry.WireType} became {sent}");
            if (sent is HostMessages.ListVms list)
            {
                // While a list is awaited no further line is taken.
                _node.Reply(new HostMessages.VmsListed(list.Correlation, []));
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
            queries.Add(await _node.ExpectMsgAsync<VmQuery>());
        }

        await _stream.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
        session.Tell(new VmReply.Granted(View(), Already: true) { Correlation = queries[0].Correlation });
        await _stream.ExpectMsgAsync<SessionProtocol.Ack>();
    }

    [Fact]
    public async Task What_was_asked_before_the_peer_closed_is_answered_before_the_session_ends()
    {
        var session = Open();
        Watch(session);
        Say(session, $$"""{"type":"vm/start","instance_id":"{{Id}}"}""");
        var ask = await _node.ExpectMsgAsync<VmAsk>();
        session.Tell(SessionProtocol.InputEnded.Instance, _stream);
        session.Tell(new VmReply.Denied(ask.Id, ErrorCode.Conflict, "no") { Correlation = ask.Correlation });
        Assert.Equal(ErrorCode.Conflict, Assert.IsType<ErrorMessage>(await Heard()).Code);
        await ExpectTerminatedAsync(session);
        await _outbound.Reader.Completion.WaitAsync(Wait.Limit);
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
        Assert.Null((await _node.ExpectMsgAsync<HostMessages.Follow>()).Id);
        var list = await _node.ExpectMsgAsync<HostMessages.ListVms>();
        _node.Reply(new HostMessages.VmsListed(list.Correlation, [View()]));
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
            await _node.ExpectMsgAsync<HostMessages.Follow>();
            await _node.ExpectMsgAsync<VmQuery>();
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
        Assert.Equal(wanted, (await _node.ExpectMsgAsync<HostMessages.CreateVm>()).Request.Value.RecordSession);
    }

    [Fact]
    public async Task What_is_typed_before_the_answer_to_an_attach_is_not_typed_past_the_recording()
    {
        var session = Open();
        Say(
            session,
            $$$"""{"type":"vm/attach-terminal","instance_id":"{{{Id}}}","role":"operator","stream":true}""",
            $$$"""{"type":"terminal/input","instance_id":"{{{Id}}}","data":"x","meta":{"request_id":"typed"}}""");
        var attach = await _node.ExpectMsgAsync<VmAsk>();
        var input = await _node.ExpectMsgAsync<VmQuery>();
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
    public async Task A_node_that_stops_says_so()
    {
        var session = Open();
        Watch(session);
        session.Tell(SessionProtocol.Drain.Instance);
        Assert.Equal(ErrorCode.Unavailable, Assert.IsType<ErrorMessage>(await Heard()).Code);
        await ExpectTerminatedAsync(session);
    }

    private static MessagePattern Pattern(string text) =>
        MessagePattern.TryParse(text, out var pattern, out var problem) ? pattern : throw new ArgumentException(problem);

    private IActorRef Open(Policy? policy = null, SessionSettings? settings = null)
    {
        var parts = new SessionParts(
            new ProbeDirectory(_node), _simulated.Ports, new AccessControl(policy ?? new Policy("trusted", "none"), AgentBook.Empty, null, TimeProvider.System), settings ?? Settings.Session, TimeProvider.System);
        var connection = new Connection("c1", new IPEndPoint(IPAddress.Loopback, 1), _outbound.Writer);
        return Sys.ActorOf(Props.Create(() => new SessionActor(connection, parts)));
    }

    private void Say(IActorRef session, params string[] lines) =>
        session.Tell(new SessionProtocol.LineBatch([.. lines.Select(line => new InboundLine(Encoding.UTF8.GetBytes(line), 0))]), _stream);

    private async Task<ServerMessage> Heard()
    {
        while (_lines.Count == 0)
        {
            var chunk = await _outbound.Reader.ReadAsync().AsTask().WaitAsync(Wait.Limit);
            foreach (var line in Encoding.UTF8.GetString(chunk.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                _lines.Enqueue(line);
            }
        }

        return LineCodec.DecodeServer(Encoding.UTF8.GetBytes(_lines.Dequeue()));
    }

    private static VmView View() => new(
        InstanceId.Parse(Id), "node-1", "anonymous", VmPhase.Running, Samples.Noon, null, 1, 5, "web", "tiny", 1, 512 << 20, 0,
        NetworkMode.None, null, new Dictionary<string, string>(), false);

    private sealed class ProbeDirectory(IActorRef probe) : IVmDirectory
    {
        public void Tell(IVmMessage message, IActorRef sender) => probe.Tell(message, sender);

        public void Create(HostMessages.CreateVm create, IActorRef sender) => probe.Tell(create, sender);

        public void List(HostMessages.ListVms list, IActorRef sender) => probe.Tell(list, sender);

        public void Follow(HostMessages.Follow follow, IActorRef sender) => probe.Tell(follow, sender);
    }
}
