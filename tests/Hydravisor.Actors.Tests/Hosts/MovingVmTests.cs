using System.Collections.Concurrent;
using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>Two hosts over one store, and a VM that goes from one to the other.</summary>
public sealed class MovingVmTests : HydravisorSpec, IAsyncLifetime
{
    private static readonly Policy TrustAll = new("trusted", "trusted");
    private readonly SimulatedNode _one = new();
    private readonly SimulatedNode _two = new();
    private readonly Store _store = new();
    private readonly TestProbe _session;
    private IActorRef _from = ActorRefs.Nobody;
    private IActorRef _to = ActorRefs.Nobody;
    private long _correlation;

    public MovingVmTests(ITestOutputHelper output)
        : base(output, PlannedJournal.Config)
    {
        _session = CreateTestProbe("session");
        JournalPlan.Of(Sys).Hear(_store.Put);
    }

    public async Task InitializeAsync()
    {
        _from = await StartAsync("one", _one);
        _to = await StartAsync("two", _two);
    }

    public async Task DisposeAsync()
    {
        await Sys.Terminate();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Fact]
    public async Task A_vm_that_runs_goes_to_another_node_with_its_disk_and_runs_there()
    {
        var id = await CreatedAsync();
        var disk = await FillAsync(id);
        await ExpectedAsync(id, withDisk: false);
        var off = await OffAsync(id);
        Assert.Contains("two", off.Reason, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Unavailable, (await DeniedAsync(_from, new VmAsk(id, ++_correlation, null, Allowed<VmCommand>(new VmCommand.Start())))).Code);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.Release("two", off.Revision)));
        await RunsThereAsync(id, incarnation: 2);
        Assert.Equal(disk, await File.ReadAllBytesAsync(DiskOf(_two, id)));
        await GoneHereAsync(id);
        Assert.Empty((await _two.Hypervisor.ImportsAsync()).Value!);
    }

    [Fact]
    public async Task A_disk_that_the_other_node_has_not_when_the_vm_is_its_own_is_brought_then()
    {
        var id = await CreatedAsync();
        var disk = await FillAsync(id);
        var off = await OffAsync(id);
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.Release("two", off.Revision)));
        await RunsThereAsync(id, incarnation: 2);
        Assert.Equal(disk, await File.ReadAllBytesAsync(DiskOf(_two, id)));
        await GoneHereAsync(id);
    }

    [Fact]
    public async Task A_disk_that_came_before_the_vm_ran_again_is_taken_anew()
    {
        var id = await CreatedAsync();
        await FillAsync(id);
        await ExpectedAsync(id, withDisk: false);
        await OffAsync(id);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.End("the node is not drained any more")));
        await SeenAsync(_from, id, view => view is { Phase: VmPhase.Running, Move: null });

        var disk = await FillAsync(id);
        await ExpectedAsync(id, withDisk: false);
        var off = await OffAsync(id);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.Release("two", off.Revision)));
        await RunsThereAsync(id, incarnation: 3);
        Assert.Equal(disk, await File.ReadAllBytesAsync(DiskOf(_two, id)));
    }

    [Fact]
    public async Task A_vm_that_was_off_is_off_there()
    {
        var id = await CreatedAsync();
        await GrantedAsync(_from, new VmAsk(id, ++_correlation, null, Allowed<VmCommand>(new VmCommand.Stop(Forced: true))));
        await SeenAsync(_from, id, view => view.Phase == VmPhase.Stopped);
        var off = await OffAsync(id);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.Release("two", off.Revision)));
        await SeenAsync(_to, id, view => view is { Phase: VmPhase.Stopped, Incarnation: 1, Node: "two" });
        await GoneHereAsync(id);
    }

    [Fact]
    public async Task Who_asks_the_node_before_is_sent_on_once_it_has_released_the_vm()
    {
        var strays = CreateTestProbe("strays");
        _from.Tell(new HostMessages.SendStraysTo(strays));
        var id = await CreatedAsync();
        var off = await OffAsync(id);
        await GrantedAsync(_from, new VmQuery(id, ++_correlation, null, Samples.Everything));
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.Release("two", off.Revision)));
        foreach (var isGone in (bool[])[false, true])
        {
            if (isGone)
            {
                await GoneHereAsync(id);
            }

            _from.Tell(new VmQuery(id, ++_correlation, null, Samples.Everything), _session);
            var stray = await strays.ExpectMsgAsync<HostMessages.Stray>();
            Assert.Equal((_correlation, _session.Ref), (stray.About.Correlation, stray.Sender));
        }
    }

    [Fact]
    public async Task A_node_that_starts_again_takes_what_was_released_to_it_meanwhile()
    {
        var id = await CreatedAsync();
        await FillAsync(id);
        await ExpectedAsync(id, withDisk: false);
        await StopAsync(_to);
        var off = await OffAsync(id);
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.Release("two", off.Revision)));
        await _two.RestartAsync();
        _to = await StartAsync("two", _two);
        await RunsThereAsync(id, incarnation: 2);
        await GoneHereAsync(id);
    }

    [Fact]
    public async Task A_node_that_starts_again_removes_what_became_the_other_ones_meanwhile()
    {
        var id = await CreatedAsync();
        await FillAsync(id);
        var off = await OffAsync(id);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.Release("two", off.Revision)));
        await StopAsync(_from);
        await RunsThereAsync(id, incarnation: 2);
        await _one.RestartAsync();
        _from = await StartAsync("one", _one);
        await GoneHereAsync(id);
    }

    [Fact]
    public async Task A_vm_that_was_released_to_a_node_that_was_given_up_is_taken_back_and_runs_again()
    {
        var id = await CreatedAsync();
        await StopAsync(_to);
        var off = await OffAsync(id);
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.Release("two", off.Revision)));
        await SeenAsync(_from, id, view => view.Move is { IsReleased: true });
        _store.GivenUp = "two";
        await SeenAsync(_from, id, view => view is { Phase: VmPhase.Running, Incarnation: 2, Move: null });
    }

    [Fact]
    public async Task A_vm_that_stays_after_all_runs_again_and_its_room_elsewhere_is_not_filled_by_it()
    {
        var id = await CreatedAsync();
        await ExpectedAsync(id, withDisk: false);
        await OffAsync(id);
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.End("the other node is slow")));
        await SeenAsync(_from, id, view => view is { Phase: VmPhase.Running, Incarnation: 2, Move: null });
        Assert.Empty(await ListAsync(_to));
    }

    [Fact]
    public async Task A_node_is_drained_until_it_is_cordoned_or_resumed_also_over_its_restarts()
    {
        await CreatedAsync();
        await WishAsync(new CordonWish(IsCordoned: true, "a fan", Drains: true));
        await StopAsync(_from);
        await _one.RestartAsync();
        _from = await StartAsync("one", _one);
        var view = await LookAsync();
        Assert.Equal((true, "a fan", 1), (view.Cordon?.IsDrain, view.Cordon?.Why, view.Drain?.Left));
        _from.Tell(new HostMessages.DrainAdvanced(new DrainStanding(1, [new DrainStay("it is suspended", 1)])));
        Assert.Equal("it is suspended", Assert.Single((await LookAsync()).Drain!.Staying).Why);
        await WishAsync(new CordonWish(IsCordoned: true, "a fan"));
        view = await LookAsync();
        Assert.Equal((false, null), (view.Cordon?.IsDrain, view.Drain));
        await WishAsync(new CordonWish(IsCordoned: false, null));
        Assert.Null((await LookAsync()).Cordon);

        // What was told of one drain says nothing of the next.
        _from.Tell(new HostMessages.DrainAdvanced(new DrainStanding(0, [])));
        await WishAsync(new CordonWish(IsCordoned: true, null, Drains: true));
        Assert.Equal(1, (await LookAsync()).Drain?.Left);
    }

    private async Task WishAsync(CordonWish wish)
    {
        _from.Tell(new HostMessages.SetCordon(++_correlation, "one", Allowed(wish)), _session);
        await _session.FishForMessageAsync<HostMessages.NodeDone>(done => done.Correlation == _correlation);
    }

    private async Task<NodeView> LookAsync()
    {
        _from.Tell(new HostMessages.QueryNode(++_correlation), _session);
        return await _session.FishForMessageAsync<NodeView>(view => view.Correlation == _correlation);
    }

    private static Authorised<T> Allowed<T>(T value, string? requestId = null) => Samples.Authorised(TrustAll, new Principal(Principal.Anonymous, "trusted", "c1"), "vm/any", value, requestId);

    private static string DiskOf(SimulatedNode node, InstanceId id) => Path.Combine(Path.GetDirectoryName(node.Hypervisor.LogsOf(id).Console)!, "disk.qcow2");

    private async Task<IActorRef> StartAsync(string name, SimulatedNode node)
    {
        var parts = new HostParts(
            name, node.Ports, new SimulatedImages(), new Roster(), Tests.Settings.Host, Tests.Settings.Vm, new AccessControl(TrustAll, AgentBook.Empty, replay: null, TimeProvider.System), TimeProvider.System)
        {
            Adoptions = _store.Of(name),
            RemoteDisks = new Disks(_one),
        };
        var host = Sys.ActorOf(Props.Create(() => new HostActor(parts)));
        host.Tell(new HostRecovery.Await(), _session);
        await _session.FishForMessageAsync<HostRecovery.Ready>(_ => true);
        return host;
    }

    private async Task StopAsync(IActorRef host)
    {
        Watch(host);
        Sys.Stop(host);
        await ExpectTerminatedAsync(host);
    }

    private async Task<InstanceId> CreatedAsync()
    {
        var wish = new VmRequest("tiny", 1, 512 << 20, 0, NetworkMode.None, null, null, false, new Dictionary<string, string>());
        var id = (await GrantedAsync(_from, new HostMessages.CreateVm(++_correlation, Allowed(wish, "r1")))).View.Id;
        await SeenAsync(_from, id, view => view.Phase == VmPhase.Running);
        return id;
    }

    private async Task<byte[]> FillAsync(InstanceId id)
    {
        var bytes = System.Security.Cryptography.RandomNumberGenerator.GetBytes(300_000);
        await File.WriteAllBytesAsync(DiskOf(_one, id), bytes);
        return bytes;
    }

    private async Task<VmView> OffAsync(InstanceId id)
    {
        await GrantedAsync(_from, new VmMoveAsk(id, ++_correlation, new VmMoveStep.Begin("two")));
        return await SeenAsync(_from, id, view => view is { Phase: VmPhase.Stopped, Move.To: "two" });
    }

    private async Task ExpectedAsync(InstanceId id, bool withDisk)
    {
        _to.Tell(new HostMessages.ExpectVm(++_correlation, id, "one", withDisk), _session);
        var reply = await _session.FishForMessageAsync<VmReply>(reply => reply.Correlation == _correlation);
        Assert.Equal(new VmReply.Expected(id, "two") { Correlation = _correlation }, reply);
    }

    private async Task<VmReply.Granted> GrantedAsync(IActorRef host, object message)
    {
        host.Tell(message, _session);
        return Assert.IsType<VmReply.Granted>(await _session.FishForMessageAsync<VmReply>(reply => reply.Correlation == _correlation));
    }

    private async Task<VmReply.Denied> DeniedAsync(IActorRef host, object message)
    {
        host.Tell(message, _session);
        return Assert.IsType<VmReply.Denied>(await _session.FishForMessageAsync<VmReply>(reply => reply.Correlation == _correlation));
    }

    private async Task<IReadOnlyList<VmView>> ListAsync(IActorRef host)
    {
        var lister = CreateTestProbe();
        host.Tell(new HostMessages.ListVms(1, null, null), lister);
        return (await lister.ExpectMsgAsync<HostMessages.VmsListed>()).Views;
    }

    private async Task<VmView> SeenAsync(IActorRef host, InstanceId id, Func<VmView, bool> so)
    {
        VmView? seen = null;
        await Wait.Until(async () => (seen = (await ListAsync(host)).SingleOrDefault(view => view.Id == id)) is not null && so(seen), "the VM is so");
        return seen!;
    }

    private Task<VmView> RunsThereAsync(InstanceId id, long incarnation) =>
        SeenAsync(_to, id, view => view is { Phase: VmPhase.Running, Node: "two", Move: null } && view.Incarnation == incarnation);

    private async Task GoneHereAsync(InstanceId id)
    {
        // It is shown for a while as what was released: who asked the other node before it had the VM would find it nowhere.
        await Wait.Until(
            async () =>
            {
                _from.Tell(new VmMoveAsk(id, ++_correlation, new VmMoveStep.Consider()), _session);
                return await _session.FishForMessageAsync<VmReply>(reply => reply.Correlation == _correlation) is VmReply.Denied { Code: ErrorCode.NotFound };
            },
            "the first node forgets it");
        Assert.All(await ListAsync(_from), view => Assert.True(view.Move is { IsReleased: true }));
        await Wait.Until(async () => (await _one.Hypervisor.InspectAsync(id)).Value is { Power: Power.Missing }, "its domain there is removed");
        await Wait.Until(() => !File.Exists(DiskOf(_one, id)), "and its disk");
    }

    // What the database would know, by what was stored.
    private sealed class Store
    {
        private readonly ConcurrentQueue<StoredEvent> _all = new();

        public string? GivenUp { get; set; }

        public void Put(StoredEvent stored)
        {
            if (stored.Event is IVmEvent)
            {
                _all.Enqueue(stored);
            }
        }

        public IAdoptions Of(string node) => new Seen(this, node);

        private sealed class Seen(Store store, string node) : IAdoptions
        {
            public Task<VmLeft?> FindAsync(InstanceId id)
            {
                var stream = VmActor.StreamOf(NodeOf(id), id);
                var events = store._all.Where(stored => stored.Stream == stream).OrderBy(stored => stored.Sequence).ToList();
                var state = events.Aggregate(VmState.None, (state, stored) => VmFold.Apply(state, (IVmEvent)stored.Event, stored.At));
                return Task.FromResult(state.Exists ? new VmLeft(new StreamHead(stream, events[^1].Sequence, events[^1].Hash.Hex), state) : null);
            }

            public Task<IReadOnlyDictionary<InstanceId, string>> DepartedAsync(string of) => Of(id => Had(of, id) && NodeOf(id) != of, NodeOf);

            public async Task<IReadOnlyDictionary<InstanceId, string>> ReleasedToAsync(string to)
            {
                var all = new Dictionary<InstanceId, string>();
                foreach (var id in Ids())
                {
                    if ((await FindAsync(id))?.State is { IsReleased: true, Move.To: var target } state && target == to)
                    {
                        all[id] = state.Node;
                    }
                }

                return all;
            }

            public Task<IReadOnlyList<ReleasedVm>> WhereAreAsync(IReadOnlyCollection<InstanceId> ids) =>
                Task.FromResult<IReadOnlyList<ReleasedVm>>([.. ids.Select(id => new ReleasedVm(id, NodeOf(id), NodeOf(id) == node && store.GivenUp is not null))]);

            private IEnumerable<InstanceId> Ids() => store._all.Select(stored => InstanceId.Parse(stored.Stream.Split('|')[2])).Distinct();

            private string NodeOf(InstanceId id) => store._all.Where(stored => stored.Stream.EndsWith(id.Value, StringComparison.Ordinal))
                .Select(stored => stored.Event is VmEvents.Adopted adopted ? adopted.Node : stored.Event is VmEvents.Created created ? created.Node : null).OfType<string>().Last();

            private bool Had(string of, InstanceId id) => store._all.Any(stored => stored.Stream == VmActor.StreamOf(of, id));

            private Task<IReadOnlyDictionary<InstanceId, string>> Of(Func<InstanceId, bool> which, Func<InstanceId, string> value) =>
                Task.FromResult<IReadOnlyDictionary<InstanceId, string>>(Ids().Where(which).ToDictionary(id => id, value));
        }
    }

    private sealed class Disks(SimulatedNode from) : IRemoteDisks
    {
        public async Task<Outcome> BringAsync(string node, InstanceId id, DiskWriting into, CancellationToken stop)
        {
            var opened = await from.Hypervisor.ExportAsync(id);
            if (!opened.IsDone)
            {
                return opened.Result;
            }

            using var reading = opened.Value!;
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = await reading.ReadAsync(buffer)) > 0)
            {
                await into.WriteAsync(buffer.AsMemory(0, read));
            }

            return await into.FinishAsync();
        }
    }
}
