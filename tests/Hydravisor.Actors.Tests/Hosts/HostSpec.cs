using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>A host with its registry and real VM actors over the simulated hypervisor.</summary>
public abstract class HostSpec : HydravisorSpec, IAsyncLifetime
{
    private static readonly Policy TrustAll = new("trusted", "trusted");
    private static readonly Principal Agent = new(Principal.Anonymous, "trusted", "c1");
    private readonly SimulatedNode _node = new();

    private protected HostSpec(ITestOutputHelper output, string extra = "")
        : base(output, extra) => Session = CreateTestProbe("session");

    private protected FileSimulatedHypervisor Hypervisor => _node.Hypervisor;

    private protected VmPorts Ports => _node.Ports;

    private protected Roster Roster { get; } = new();

    private protected IReservations? Reservations { get; init; }

    private protected IAdoptions? Adoptions { get; init; }

    private protected AccessControl Access { get; } = new(TrustAll, AgentBook.Empty, replay: null, TimeProvider.System);

    private protected TestProbe Session { get; }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Sys.Terminate();
        await _node.DisposeAsync();
    }

    private protected async Task<IActorRef> StartHost()
    {
        var host = BeginHost();
        await ReadyAsync(host);
        return host;
    }

    private protected IActorRef BeginHost()
    {
        var parts = new HostParts(
            Samples.Node, Ports, new SimulatedImages(), Roster, Tests.Settings.Host, Tests.Settings.Vm, Access, TimeProvider.System)
        {
            Reservations = Reservations,
            Adoptions = Adoptions,
        };
        return Sys.ActorOf(Props.Create(() => new HostActor(parts)), "host");
    }

    private protected async Task ReadyAsync(IActorRef host)
    {
        host.Tell(new HostRecovery.Await(), Session);
        await Session.ExpectMsgAsync<HostRecovery.Ready>();
    }

    private protected static VmRequest Wish() =>
        new("tiny", 1, 512 << 20, 0, NetworkMode.None, null, null, false, new Dictionary<string, string>());

    private protected void Create(IActorRef host, long correlation, string? requestId, VmRequest? wish = null) =>
        host.Tell(new HostMessages.CreateVm(correlation, Samples.Authorised(TrustAll, Agent, "vm/create", wish ?? Wish(), requestId)), Session);

    private protected void Ask(IActorRef host, InstanceId id, long correlation, VmCommand command) => host.Tell(Authorised(id, correlation, command), Session);

    private protected static VmAsk Authorised(InstanceId id, long correlation, VmCommand command) =>
        new(id, correlation, null, Samples.Authorised(TrustAll, Agent, "vm/any", command, null));

    private protected async Task<VmReply.Granted> Reply(long? correlation = null) =>
        await Session.FishForMessageAsync<VmReply.Granted>(reply => correlation is null || reply.Correlation == correlation);

    private protected async Task Phase(VmPhase phase) =>
        await Session.FishForMessageAsync<HostMessages.VmChanged>(changed => changed.View.Phase == phase);

    private protected async Task<IReadOnlyList<VmView>> List(IActorRef host)
    {
        var lister = CreateTestProbe();
        host.Tell(new HostMessages.ListVms(1, null, null), lister);
        return (await lister.ExpectMsgAsync<HostMessages.VmsListed>()).Views;
    }
}
