using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What the VMs of a host hear of that comes from no actor: a terminal session that somebody ended, and that other agents may be frozen. Safe for all threads.</summary>
internal sealed class HostSignals(HostParts parts) : IDisposable
{
    /// <summary>Begins to hand it on. What changed before a VM's actor ran, that actor sees by itself.</summary>
    public void Begin()
    {
        parts.Ports.Terminals.Lost += OnTerminalLost;
        parts.Access.Changed += OnAccessChanged;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        parts.Ports.Terminals.Lost -= OnTerminalLost;
        parts.Access.Changed -= OnAccessChanged;
    }

    private void OnTerminalLost(InstanceId id) => parts.Roster.Tell(id, VmHostProtocol.TerminalLost.Instance);

    // Each knows its owner, and whether it is frozen.
    private void OnAccessChanged() => parts.Roster.TellAll(VmHostProtocol.Brake.Instance);
}
