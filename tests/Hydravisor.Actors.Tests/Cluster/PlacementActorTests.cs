using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>Placement over nodes that are played by probes.</summary>
public sealed class PlacementActorTests : HydravisorSpec
{
    private static readonly Policy TrustAll = new("trusted", "trusted");
    private static readonly Principal Agent = new(Principal.Anonymous, "trusted", "c1");
    private static readonly InstanceId Known = InstanceId.FromKey(Principal.Anonymous, "r-1", 0);
    private readonly Members _members = new("a");
    private readonly WrittenPlaces _places = new();
    private readonly Dictionary<string, TestProbe> _hosts;
    private readonly TestProbe _session;
    private readonly TestProbe _directory;

    public PlacementActorTests(ITestOutputHelper output)
        : base(output)
    {
        _hosts = new[] { "a", "b", "c" }.ToDictionary(name => name, name => CreateTestProbe(name));
        (_session, _directory) = (CreateTestProbe("session"), CreateTestProbe("directory"));
        Be("a", "b", "c");
    }

    [Fact]
    public async Task A_vm_goes_to_the_least_full_node_and_its_answer_to_the_session()
    {
        var placement = Start();
        Create(placement, 7, "r-1");
        await AnswerLookAsync(("a", 2), ("b", 9), ("c", 4));
        var sent = await _hosts["b"].ExpectMsgAsync<HostMessages.CreateVm>();
        Assert.EndsWith(_session.Ref.Path.ToStringWithoutAddress(), sent.Follower!.Split('#')[0], StringComparison.Ordinal);
        _hosts["b"].Reply(Granted(sent.Correlation, "b"));
        Assert.Equal(7, (await _session.ExpectMsgAsync<VmReply.Granted>()).Correlation);
        Assert.Equal(new DirectoryActor.Placed(Known, "b"), await _directory.ExpectMsgAsync<DirectoryActor.Placed>());
        Assert.Equal(new HostMessages.Follow(Known), await _directory.ExpectMsgAsync<HostMessages.Follow>());
        Assert.Equal(_session.Ref, _directory.LastSender);
    }

    [Fact]
    public async Task A_refusal_tries_the_next_and_the_last_one_is_told_with_all_of_them()
    {
        var placement = Start();
        Create(placement, 7, requestId: null);
        await AnswerLookAsync(("a", 2), ("b", 9), ("c", 4));
        foreach (var node in new[] { "b", "c", "a" })
        {
            var sent = await _hosts[node].ExpectMsgAsync<HostMessages.CreateVm>();
            _hosts[node].Reply(new VmReply.Denied(null, ErrorCode.NoRoom, $"{node} is full after all") { Correlation = sent.Correlation });
        }

        // They said so after it came.
        var denied = await _session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal((ErrorCode.NoRoom, 7), (denied.Code, denied.Correlation));
        Assert.Contains("a: a is full after all; b: b is full after all; c: c is full after all", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_asked_for_and_does_not_say_in_time_what_it_has_left_is_no_mistake_of_who_asks()
    {
        Create(Start(), 7, requestId: null, new PlacementWish("b", new Dictionary<string, string>(), new Dictionary<string, string>()));
        await AnswerLookAsync(("a", 2), ("c", 4));
        var denied = await _session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal((ErrorCode.Unavailable, "placement.node 'b' did not say in time what it has left; nothing was created, try again"), (denied.Code, denied.Message));
    }

    [Fact]
    public async Task A_request_that_came_before_goes_to_the_node_that_has_its_vm()
    {
        _places.Nodes[Known] = "c";
        var placement = Start();
        Create(placement, 7, "r-1");
        var sent = await _hosts["c"].ExpectMsgAsync<HostMessages.CreateVm>();
        _hosts["c"].Reply(new VmReply.Denied(Known, ErrorCode.NoRoom, "final") { Correlation = sent.Correlation });
        Assert.Equal("final", (await _session.ExpectMsgAsync<VmReply.Denied>()).Message);
        Be("a", "b");
        Create(placement, 8, "r-1");
        Assert.Equal(ErrorCode.Unavailable, (await _session.ExpectMsgAsync<VmReply.Denied>()).Code);
    }

    [Fact]
    public async Task The_loser_of_a_race_is_followed_to_the_winner()
    {
        var placement = Start();
        Create(placement, 7, "r-1");
        await AnswerLookAsync(("a", 2), ("b", 9), ("c", 4));
        var sent = await _hosts["b"].ExpectMsgAsync<HostMessages.CreateVm>();
        _hosts["b"].Reply(new VmReply.Elsewhere(Known, "a") { Correlation = sent.Correlation });
        sent = await _hosts["a"].ExpectMsgAsync<HostMessages.CreateVm>();
        _hosts["a"].Reply(Granted(sent.Correlation, "a"));
        Assert.Equal("a", (await _session.ExpectMsgAsync<VmReply.Granted>()).View.Node);
    }

    [Fact]
    public async Task A_node_that_is_lost_with_a_creation_is_not_waited_for_where_the_request_has_an_id()
    {
        var placement = Start();
        Create(placement, 7, "r-1");
        Create(placement, 8, requestId: null);
        await AnswerLookAsync(("a", 2), ("b", 16), ("c", 4));
        await _hosts["b"].ExpectMsgAsync<HostMessages.CreateVm>();
        await _hosts["b"].ExpectMsgAsync<HostMessages.CreateVm>();
        Be("a", "c");
        placement.Tell(new MembersActor.Changed("b", null));
        var denied = await _session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal((ErrorCode.TimedOut, 8), (denied.Code, denied.Correlation));
        var sent = await _hosts["c"].ExpectMsgAsync<HostMessages.CreateVm>();
        _hosts["c"].Reply(Granted(sent.Correlation, "c"));
        Assert.Equal(7, (await _session.ExpectMsgAsync<VmReply.Granted>()).Correlation);
    }

    [Fact]
    public async Task Nobody_is_told_that_there_is_no_room_from_an_old_look()
    {
        var placement = Start();
        Create(placement, 7, requestId: null);
        await AnswerLookAsync(("a", 1), ("b", 0), ("c", 0));
        var sent = await _hosts["a"].ExpectMsgAsync<HostMessages.CreateVm>();
        _hosts["a"].Reply(Granted(sent.Correlation, "a"));
        await _session.ExpectMsgAsync<VmReply.Granted>();

        // By what it knows there is none, and meanwhile one was given back.
        Create(placement, 8, requestId: null);
        await AnswerLookAsync(("a", 0), ("b", 0), ("c", 1));
        sent = await _hosts["c"].ExpectMsgAsync<HostMessages.CreateVm>();
        _hosts["c"].Reply(Granted(sent.Correlation, "c"));
        await _session.ExpectMsgAsync<VmReply.Granted>();
    }

    [Fact]
    public async Task Who_does_not_answer_the_look_is_left_out_of_it()
    {
        var placement = Start();
        Create(placement, 7, requestId: null);
        await AnswerLookAsync(("a", 2), ("c", 4));
        await _hosts["c"].ExpectMsgAsync<HostMessages.CreateVm>();
    }

    [Fact]
    public async Task Where_it_is_not_known_whether_it_was_created_before_nothing_is()
    {
        _places.Trouble = new InvalidOperationException("the database is gone");
        Create(Start(), 7, "r-1");
        var denied = await _session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal(ErrorCode.Unavailable, denied.Code);
        Assert.Contains("the database is gone", denied.Message, StringComparison.Ordinal);
    }

    private IActorRef Start()
    {
        var parts = new PlacementParts(
            member => _hosts[member.Name].Ref, _members, _places, _directory, PlacementStrategy.Spread, TimeSpan.FromMinutes(1), TimeProvider.System);
        return Sys.ActorOf(Props.Create(() => new PlacementActor(parts)));
    }

    private void Be(params string[] nodes) => _members.Set(nodes.ToImmutableSortedDictionary(
        name => name, name => new Member(name, new Address("akka", "x", name, 1), 1, MemberStanding.Up, IsReachable: true, Samples.Noon), StringComparer.Ordinal));

    private void Create(IActorRef placement, long correlation, string? requestId, PlacementWish? wish = null) => placement.Tell(
        new HostMessages.CreateVm(correlation, Samples.Authorised(TrustAll, Agent, "vm/create", new VmRequest("tiny", 1, 64 << 20, 0, NetworkMode.None, null, null, false, new Dictionary<string, string>()) { Placement = wish }, requestId)),
        _session);

    private async Task AnswerLookAsync(params (string Node, int Vcpus)[] nodes)
    {
        foreach (var (node, vcpus) in nodes)
        {
            var query = await _hosts[node].ExpectMsgAsync<HostMessages.QueryNode>();
            _hosts[node].Reply(Samples.NodeView(node, vcpusLeft: vcpus, ramLeft: 16L << 30) with { Correlation = query.Correlation });
        }
    }

    private static VmReply.Granted Granted(long correlation, string node) => new(
        new VmView(
            Known, node, "anonymous", VmPhase.Provisioning, Samples.Noon, null, 0, 1, "web", "tiny", 1, 64 << 20, 0, NetworkMode.None, null, new Dictionary<string, string>(), false),
        Already: false)
    {
        Correlation = correlation,
    };

    private sealed class WrittenPlaces : IPlaces
    {
        public Dictionary<InstanceId, string> Nodes { get; } = [];

        public Exception? Trouble { get; set; }

        public Task<string?> FindAsync(InstanceId id) => Trouble is null ? Task.FromResult(Nodes.GetValueOrDefault(id)) : Task.FromException<string?>(Trouble);

        public Task<IReadOnlyList<string>> NodesAsync() => throw new NotSupportedException();

        public Task<VmMoves> MovesAsync(long after) => throw new NotSupportedException();

        public Task<StoredVms> VmsOfAsync(string node, DateTimeOffset goneSince, StoredVms? before) => throw new NotSupportedException();

        public Task<VmView?> VmAsync(InstanceId id) => throw new NotSupportedException();
    }
}
