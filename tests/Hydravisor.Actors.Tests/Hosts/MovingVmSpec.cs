using System.Collections.Concurrent;
using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>Two hosts over one store, between which VMs go.</summary>
public abstract class MovingVmSpec : HydravisorSpec, IAsyncLifetime
{
    private static readonly Policy TrustAll = new("trusted", "trusted");

    private protected SimulatedNode One { get; } = new();

    private protected SimulatedNode Two { get; } = new();

    private protected Store Known { get; } = new();

    private protected TestProbe Session { get; }

    private protected IActorRef From { get; set; } = ActorRefs.Nobody;

    private protected IActorRef To { get; set; } = ActorRefs.Nobody;

    private protected long Correlation { get; set; }

    /// <summary>How the first node's hypervisor reaches the second one's.</summary>
    private protected Func<InstanceId, LiveChannel, Task<Outcome<LiveLink>>> Way { get; set; }

    protected MovingVmSpec(ITestOutputHelper output)
        : base(output, PlannedJournal.Config)
    {
        Session = CreateTestProbe("session");
        JournalPlan.Of(Sys).Hear(Known.Put);
        Way = (id, channel) => Two.Hypervisor.ReceiveAsync(id, channel);
    }

    public async Task InitializeAsync()
    {
        From = await StartAsync("one", One);
        To = await StartAsync("two", Two);
    }

    public async Task DisposeAsync()
    {
        await Sys.Terminate();
        await One.DisposeAsync();
        await Two.DisposeAsync();
    }

    private protected static Authorised<T> Allowed<T>(T value, string? requestId = null) => Samples.Authorised(TrustAll, new Principal(Principal.Anonymous, "trusted", "c1"), "vm/any", value, requestId);

    private protected static string DiskOf(SimulatedNode node, InstanceId id) => Path.Combine(Path.GetDirectoryName(node.Hypervisor.LogsOf(id).Console)!, "disk.qcow2");

    private protected async Task<IActorRef> StartAsync(string name, SimulatedNode node)
    {
        var parts = new HostParts(
            name, node.Ports with { Links = new Links(this) }, new SimulatedImages(), new Roster(), Tests.Settings.Host, Tests.Settings.Vm, new AccessControl(TrustAll, AgentBook.Empty, replay: null, TimeProvider.System), TimeProvider.System)
        {
            Adoptions = Known.Of(name),
            RemoteDisks = new Disks(One),
        };
        var host = Sys.ActorOf(Props.Create(() => new HostActor(parts)));
        host.Tell(new HostRecovery.Await(), Session);
        await Session.FishForMessageAsync<HostRecovery.Ready>(_ => true);
        return host;
    }

    private protected async Task StopAsync(IActorRef host)
    {
        Watch(host);
        Sys.Stop(host);
        await ExpectTerminatedAsync(host);
    }

    private protected async Task<InstanceId> CreatedAsync()
    {
        var wish = new VmRequest("tiny", 1, 512 << 20, 0, NetworkMode.None, null, null, false, new Dictionary<string, string>());
        var id = (await GrantedAsync(From, new HostMessages.CreateVm(++Correlation, Allowed(wish, "r1")))).View.Id;
        await SeenAsync(From, id, view => view.Phase == VmPhase.Running);
        return id;
    }

    private protected async Task<byte[]> FillAsync(InstanceId id)
    {
        var bytes = System.Security.Cryptography.RandomNumberGenerator.GetBytes(300_000);
        await File.WriteAllBytesAsync(DiskOf(One, id), bytes);
        return bytes;
    }

    private protected async Task<VmView> OffAsync(InstanceId id)
    {
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Begin("two")));
        return await SeenAsync(From, id, view => view is { Phase: VmPhase.Stopped, Move.To: "two" });
    }

    private protected async Task ExpectedAsync(InstanceId id, bool withDisk)
    {
        To.Tell(new HostMessages.ExpectVm(++Correlation, id, "one", withDisk), Session);
        var reply = await Session.FishForMessageAsync<VmReply>(reply => reply.Correlation == Correlation);
        Assert.Equal(new VmReply.Expected(id, "two") { Correlation = Correlation }, reply);
    }

    private protected async Task<VmReply.Granted> GrantedAsync(IActorRef host, object message)
    {
        host.Tell(message, Session);
        return Assert.IsType<VmReply.Granted>(await Session.FishForMessageAsync<VmReply>(reply => reply.Correlation == Correlation));
    }

    private protected async Task<VmReply.Denied> DeniedAsync(IActorRef host, object message)
    {
        host.Tell(message, Session);
        return Assert.IsType<VmReply.Denied>(await Session.FishForMessageAsync<VmReply>(reply => reply.Correlation == Correlation));
    }

    private protected async Task<IReadOnlyList<VmView>> ListAsync(IActorRef host)
    {
        var lister = CreateTestProbe();
        host.Tell(new HostMessages.ListVms(1, null, null), lister);
        return (await lister.ExpectMsgAsync<HostMessages.VmsListed>()).Views;
    }

    private protected async Task<NodeView> LookAsync(IActorRef host)
    {
        host.Tell(new HostMessages.QueryNode(++Correlation), Session);
        return await Session.FishForMessageAsync<NodeView>(view => view.Correlation == Correlation);
    }

    private protected async Task<VmView> SeenAsync(IActorRef host, InstanceId id, Func<VmView, bool> so)
    {
        VmView? seen = null;
        await Wait.Until(async () => (seen = (await ListAsync(host)).SingleOrDefault(view => view.Id == id)) is not null && so(seen), "the VM is so");
        return seen!;
    }

    private protected Task<VmView> RunsThereAsync(InstanceId id, long incarnation) =>
        SeenAsync(To, id, view => view is { Phase: VmPhase.Running, Node: "two", Move: null } && view.Incarnation == incarnation);

    private protected async Task GoneHereAsync(InstanceId id)
    {
        // It is shown for a while as what was released: who asked the other node before it had the VM would find it nowhere.
        await Wait.Until(
            async () =>
            {
                From.Tell(new VmMoveAsk(id, ++Correlation, new VmMoveStep.Consider()), Session);
                return await Session.FishForMessageAsync<VmReply>(reply => reply.Correlation == Correlation) is VmReply.Denied { Code: ErrorCode.NotFound };
            },
            "the first node forgets it");
        Assert.All(await ListAsync(From), view => Assert.True(view.Move is { IsReleased: true }));
        await Wait.Until(async () => (await One.Hypervisor.InspectAsync(id)).Value is { Power: Power.Missing }, "its domain there is removed");
        await Wait.Until(() => !File.Exists(DiskOf(One, id)), "and its disk");
    }

    // What the database would know, by what was stored.
    private protected sealed class Store
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

    private sealed class Links(MovingVmSpec spec) : IRemoteLinks
    {
        public Task<Outcome<LiveLink>> ConnectAsync(string node, InstanceId id, LiveChannel channel) => spec.Way(id, channel);
    }
}
