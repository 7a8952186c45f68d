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

/// <summary>A list has all VMs there are, or is refused: one without some would say that these are gone.</summary>
public sealed class DirectoryActorTests : HydravisorSpec
{
    private static readonly InstanceId Lost = InstanceId.Parse("vm-0123456789ab");
    private readonly Members _members = new("a");
    private readonly PlannedPlaces _places = new();
    private readonly TestProbe _host;
    private readonly TestProbe _session;
    private readonly TestProbe _follower;
    private readonly IActorRef _directory;

    public DirectoryActorTests(ITestOutputHelper output)
        : base(output)
    {
        (_host, _session, _follower) = (CreateTestProbe("host"), CreateTestProbe("session"), CreateTestProbe("follower"));
        var parts = new DirectoryParts(_host, new Roster(), _members, _ => _host.Ref, _places, TimeSpan.FromMinutes(1), TimeProvider.System);
        _directory = Sys.ActorOf(Props.Create(() => new DirectoryActor(parts)));
    }

    [Fact]
    public async Task A_node_that_has_not_joined_lists_nothing() => await RefusedAsync("has not joined its cluster yet");

    [Fact]
    public async Task The_vms_of_a_lost_node_are_read_for_each_list_as_the_store_has_them_then()
    {
        await JoinWithoutOtherAsync();
        foreach (var revision in (long[])[5, 6])
        {
            _places.Vms = [View(revision)];
            List();
            await AskedAsync();
            var view = Assert.Single((await _session.ExpectMsgAsync<HostMessages.VmsListed>()).Views);
            Assert.Equal((Lost, VmPhase.Unreachable, revision), (view.Id, view.Phase, view.Revision));
        }
    }

    [Fact]
    public async Task Where_the_vms_of_a_lost_node_cannot_be_read_nothing_is_listed()
    {
        await JoinWithoutOtherAsync();
        _places.Vms = null;
        await RefusedAsync("those of nodes that do not answer cannot be looked up: the database is gone");
    }

    [Fact]
    public async Task A_vm_of_a_lost_node_is_unreachable_and_stands_as_the_store_has_it_now()
    {
        await JoinWithoutOtherAsync();
        foreach (var revision in (long[])[5, 6])
        {
            _places.Vms = [View(revision)];
            _directory.Tell(new VmQuery(Lost, 8, Incarnation: null, Reach(new VmSelector.All())), _session);
            var view = (await _session.ExpectMsgAsync<VmReply.Granted>()).View;
            Assert.Equal((VmPhase.Unreachable, revision), (view.Phase, view.Revision));
        }
    }

    [Fact]
    public async Task Who_may_not_know_of_a_vm_of_a_lost_node_cannot_tell_it_from_none()
    {
        await JoinWithoutOtherAsync();
        _places.Vms = [View(5)];
        _directory.Tell(new VmQuery(Lost, 8, Incarnation: null, Reach(new VmSelector.Own())), _session);
        var hidden = await _session.ExpectMsgAsync<VmReply.Denied>();
        _places.Vms = [];
        _directory.Tell(new VmQuery(Lost, 8, Incarnation: null, Reach(new VmSelector.All())), _session);
        Assert.Equal(await _session.ExpectMsgAsync<VmReply.Denied>(), hidden);
        Assert.Equal(ErrorCode.NotFound, hidden.Code);
    }

    [Fact]
    public async Task Where_a_vm_of_a_lost_node_cannot_be_read_its_state_is_not_guessed()
    {
        await JoinWithoutOtherAsync();
        _places.Vms = null;
        _directory.Tell(new VmQuery(Lost, 8, Incarnation: null, Reach(new VmSelector.All())), _session);
        var denied = await _session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal(ErrorCode.Unavailable, denied.Code);
        Assert.Contains("how it stands cannot be looked up: the database is gone", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_store_cannot_say_which_nodes_there_are_nothing_is_listed_and_it_is_asked_again()
    {
        _places.Nodes.SetException(new InvalidOperationException("the database is gone"));
        Join();
        await AwaitAssertAsync(() => RefusedAsync("which nodes there are is not looked up yet"));
        _places.Nodes = new TaskCompletionSource<IReadOnlyList<string>>();
        _places.Nodes.SetResult(["a"]);
        await AwaitAssertAsync(async () =>
        {
            List();
            await _host.ExpectMsgAsync<HostMessages.ListVms>(TimeSpan.FromSeconds(1));
        });
    }

    [Fact]
    public async Task Who_follows_vms_of_a_lost_node_hears_once_of_each_that_was_deleted_there()
    {
        _directory.Tell(new HostMessages.Follow(Id: null), _follower);
        var (first, second) = (View(7) with { Phase = VmPhase.Deleted }, View(9) with { Id = Samples.OtherId });
        await JoinWithoutOtherAsync([first, second]);
        Assert.Equal((Samples.OtherId, VmPhase.Unreachable), await HeardAsync());
        Assert.Equal((Lost, VmPhase.Deleted), await HeardAsync());

        _places.Vms = [first, second with { Phase = VmPhase.Deleted }];
        Come("b");
        await AskedAsync();
        Assert.Equal((Samples.OtherId, VmPhase.Deleted), await HeardAsync());
    }

    [Fact]
    public async Task A_node_that_is_back_is_asked_again_until_what_became_of_its_vms_is_known()
    {
        _directory.Tell(new HostMessages.Follow(Lost), _follower);
        await JoinWithoutOtherAsync([View(5)]);
        await _follower.ExpectMsgAsync<HostMessages.VmChanged>();
        _places.Vms = null;
        Come("b");

        // Neither where one is that it has released can be looked up, nor which were deleted.
        await AskedAsync(View(6) with { Move = new VmMove("c", Starts: true, IsReleased: true) });
        await AskedAsync();
        await AskedAsync(View(8));
        var told = await _follower.ExpectMsgAsync<HostMessages.VmChanged>();
        Assert.Equal((VmPhase.Running, 8L), (told.View.Phase, told.View.Revision));
    }

    private void Join() => Come("a");

    private void Come(string name)
    {
        var member = new Member(name, new Address("akka", "x", name, 1), 1, MemberStanding.Up, IsReachable: true, Samples.Noon);
        _members.Set(_members.ByName.SetItem(name, member));
        _directory.Tell(new MembersActor.Changed(name, member));
    }

    private async Task JoinWithoutOtherAsync(IReadOnlyList<VmView>? there = null)
    {
        _places.Nodes.SetResult(["a", "b"]);
        _places.Vms = there ?? [];
        Join();
        await AwaitAssertAsync(async () =>
        {
            List();
            await AskedWithinAsync(TimeSpan.FromSeconds(1));
        });
        await _session.FishForMessageAsync<HostMessages.VmsListed>(_ => true);
    }

    private async Task<(InstanceId Id, VmPhase Phase)> HeardAsync()
    {
        var view = (await _follower.ExpectMsgAsync<HostMessages.VmChanged>()).View;
        return (view.Id, view.Phase);
    }

    private Task AskedAsync(params VmView[] there) => AskedWithinAsync(null, there);

    private async Task AskedWithinAsync(TimeSpan? within, params VmView[] there)
    {
        var asked = await _host.FishForMessageAsync<HostMessages.ListVms>(_ => true, within);
        _host.Reply(new HostMessages.VmsListed(asked.Correlation, there));
    }

    private static VmReach Reach(VmSelector selector) => new(new Principal("fp", "role", "rule"), new VmScope("role", [selector]));

    private static VmView View(long revision) => new(
        Lost, "b", "anonymous", VmPhase.Running, Samples.Noon, null, 1, revision, "web", "tiny", 1, 64 << 20, 0, NetworkMode.None, null, new Dictionary<string, string>(), false);

    private void List() => _directory.Tell(new HostMessages.ListVms(7, Labels: null, Phase: null), _session);

    private async Task RefusedAsync(string why)
    {
        List();
        var denied = await _session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal((ErrorCode.Unavailable, 7), (denied.Code, denied.Correlation));
        Assert.Contains(why, denied.Message, StringComparison.Ordinal);
    }

    private sealed class PlannedPlaces : IPlaces
    {
        public TaskCompletionSource<IReadOnlyList<string>> Nodes { get; set; } = new();

        /// <summary>Null: they cannot be read.</summary>
        public IReadOnlyList<VmView>? Vms { get; set; }

        public Task<string?> FindAsync(InstanceId id) => Task.FromResult<string?>("b");

        public Task<IReadOnlyList<string>> NodesAsync() => Nodes.Task;

        public Task<VmMoves> MovesAsync(long after) => throw new NotSupportedException();

        public async Task<StoredVms> VmsOfAsync(string node, DateTimeOffset goneSince, StoredVms? before)
        {
            await Task.Yield();
            var all = Vms ?? throw new InvalidOperationException("the database is gone");
            return new StoredVms(0, new Dictionary<InstanceId, VmView>(), [.. all.Where(vm => vm.Phase != VmPhase.Deleted)])
            {
                Gone = all.Where(vm => vm.Phase == VmPhase.Deleted).ToDictionary(vm => vm.Id),
            };
        }

        public async Task<VmView?> VmAsync(InstanceId id)
        {
            await Task.Yield();
            return (Vms ?? throw new InvalidOperationException("the database is gone")).FirstOrDefault(vm => vm.Id == id && vm.Phase != VmPhase.Deleted);
        }
    }
}
