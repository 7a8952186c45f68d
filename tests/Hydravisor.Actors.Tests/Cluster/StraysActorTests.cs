using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Tests.Vms;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>Messages to VMs that go, or went, to another node: the store says to which.</summary>
public sealed class StraysActorTests : HydravisorSpec
{
    private readonly Members _members = new("a");
    private readonly Roster _roster = new();
    private readonly Store _store = new();
    private readonly TestProbe _host;
    private readonly TestProbe _other;
    private readonly TestProbe _session;
    private readonly TestProbe _vm;
    private readonly IActorRef _strays;

    public StraysActorTests(ITestOutputHelper output)
        : base(output)
    {
        (_host, _other, _session, _vm) = (CreateTestProbe("host"), CreateTestProbe("other"), CreateTestProbe("session"), CreateTestProbe("vm"));
        Be(isThere: true);
        _roster.Joined(Samples.Id, _vm);
        _roster.Saw(View(isReleased: true));
        var parts = new DirectoryParts(_host, _roster, _members, _ => _other.Ref, _store, TimeSpan.FromMinutes(1), TimeProvider.System);
        _strays = Sys.ActorOf(Props.Create(() => new StraysActor(parts)));
    }

    private static VmQuery Query { get; } = new(Samples.Id, 7, null, Samples.Everything);

    [Fact]
    public async Task The_host_is_told_where_they_go() => Assert.Equal(_strays, (await _host.ExpectMsgAsync<HostMessages.SendStraysTo>()).To);

    [Fact]
    public async Task As_long_as_nobody_has_taken_the_vm_its_node_before_answers()
    {
        _store.Node = "a";
        Send();
        Assert.Equal(Query.Correlation, (await _vm.ExpectMsgAsync<VmQuery>()).Correlation);
        Assert.Equal(_session.Ref, _vm.LastSender);
        Assert.False(_roster.TryFind(Samples.Id, out _));
    }

    [Fact]
    public async Task Once_another_has_taken_it_that_one_does()
    {
        Send();
        Assert.Equal(Query.Correlation, (await _other.ExpectMsgAsync<VmQuery>()).Correlation);
        Assert.Equal(_session.Ref, _other.LastSender);
    }

    [Fact]
    public async Task One_that_was_taken_back_is_found_as_any_other()
    {
        _roster.Saw(View(isReleased: false) with { Move = null });
        Assert.True(_roster.TryFind(Samples.Id, out _));
        _store.Node = "a";
        Send();
        await _vm.ExpectMsgAsync<VmQuery>();
    }

    [Fact]
    public async Task Where_that_one_cannot_be_reached_the_store_says_how_it_is()
    {
        Be(isThere: false);
        Send();
        var granted = await _session.ExpectMsgAsync<VmReply.Granted>();
        Assert.Equal((VmPhase.Unreachable, "b", 7), (granted.View.Phase, granted.View.Node, granted.Correlation));
    }

    [Fact]
    public async Task Where_the_store_cannot_be_asked_nothing_is_guessed()
    {
        _store.Node = null;
        Send();
        var denied = await _session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal(ErrorCode.Unavailable, denied.Code);
        Assert.Contains("the database is gone", denied.Message, StringComparison.Ordinal);
    }

    private static VmView View(bool isReleased) => VmStory.Running().State.View() with { Id = Samples.Id, Node = "b", Move = new VmMove("b", Starts: true, isReleased) };

    private void Send() => _strays.Tell(new HostMessages.Stray(Query, _session));

    private void Be(bool isThere) => _members.Set(new[] { "a", "b" }.ToImmutableSortedDictionary(
        name => name, name => new Member(name, new Address("akka.tcp", "hydravisor", name, 1), 1, MemberStanding.Up, isThere || name == "a", Samples.Noon), StringComparer.Ordinal));

    private sealed class Store : IPlaces
    {
        /// <summary>Null: it cannot be asked.</summary>
        public string? Node { get; set; } = "b";

        public async Task<string?> FindAsync(InstanceId id)
        {
            await Task.Yield();
            return Node ?? throw new InvalidOperationException("the database is gone");
        }

        public Task<VmView?> VmAsync(InstanceId id) => Task.FromResult<VmView?>(View(isReleased: false) with { Move = null });

        public Task<IReadOnlyList<string>> NodesAsync() => throw new NotSupportedException();

        public Task<VmMoves> MovesAsync(long after) => throw new NotSupportedException();

        public Task<StoredVms> VmsOfAsync(string node, DateTimeOffset goneSince, StoredVms? before) => throw new NotSupportedException();
    }
}
