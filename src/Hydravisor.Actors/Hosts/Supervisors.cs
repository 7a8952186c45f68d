using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Pattern;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>The actors that a host has: its registry and one for each VM, each started again with backoff when it stops.</summary>
/// <remarks>Not thread-safe: the host actor's own.</remarks>
/// <param name="context">The host's, which makes it their parent.</param>
/// <param name="parts">What the host works with.</param>
internal sealed class Supervisors(IActorContext context, HostParts parts)
{
    private readonly VmEffectRunner _runner = new(parts.Ports);
    private readonly Dictionary<InstanceId, IActorRef> _ofVms = [];

    /// <summary>Carries out what is done to VMs.</summary>
    public VmEffectRunner Runner => _runner;

    /// <summary>The VMs that have one.</summary>
    public IReadOnlyCollection<InstanceId> Vms => _ofVms.Keys;

    /// <summary>Whether a VM has one.</summary>
    public bool Has(InstanceId id) => _ofVms.ContainsKey(id);

    /// <summary>That of a VM, where it has one.</summary>
    public bool TryFind(InstanceId id, [NotNullWhen(true)] out IActorRef? supervisor) => _ofVms.TryGetValue(id, out supervisor);

    /// <summary>Starts the registry.</summary>
    public IActorRef StartRegistry()
    {
        var (self, all) = (context.Self, parts);
        return Start("registry", Props.Create(() => new RegistryActor(all.Node, self, all.Settings, all.Time)));
    }

    /// <summary>That of a VM; started where it has none.</summary>
    public IActorRef Ensure(InstanceId id)
    {
        if (!_ofVms.TryGetValue(id, out var supervisor))
        {
            supervisor = Start(id.Value, Props.CreateBy(new VmProducer(parts.Node, id, context.Self, _runner, parts.VmSettings, parts.Access, parts.Time)).WithMailbox(VmMailbox.Id));
            _ofVms[id] = supervisor;
        }

        return supervisor;
    }

    /// <summary>Ends that of a VM for good.</summary>
    public void Retire(InstanceId id)
    {
        if (_ofVms.Remove(id, out var supervisor))
        {
            supervisor.Tell(VmHostProtocol.Retire.Instance, context.Self);
        }
    }

    private IActorRef Start(string name, Props props)
    {
        var options = Backoff.OnStop(props, "it", parts.Settings.RestartMin, parts.Settings.RestartMax, 0.2, -1)
            .WithAutoReset(parts.Settings.RestartMax)
            .WithFinalStopMessage(message => message is VmHostProtocol.Retire);
        return context.ActorOf(BackoffSupervisor.Props(options).WithMailbox(SupervisorMailbox.Id), name);
    }
}
