using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Vms;

/// <summary>Has a VM stand still for as long as its agent is frozen. Not thread-safe: its actor's own.</summary>
/// <remarks>It remembers nothing that counts: what is to be done follows from the file of agents and from the VM's state, also after a crash.</remarks>
/// <param name="access">Knows who is frozen.</param>
/// <param name="settings">How long to wait for what.</param>
/// <param name="timers">The actor's timers.</param>
internal sealed class VmBrake(AccessControl access, VmSettings settings, ITimerScheduler timers)
{
    private const int DoublingsMax = 5;
    private int _failures;

    /// <summary>Since when the VM's agent is frozen; null: it is not.</summary>
    public DateTimeOffset? FrozenSince(VmState state) => access.FrozenSince(state.Owner);

    /// <summary>Whether only a look at the domain tells what is to be done: a VM that failed may have one that runs.</summary>
    public bool NeedsLook(VmState state) => state is { Phase: Protocol.VmPhase.Failed, Operation: null } && FrozenSince(state) is not null;

    /// <summary>What is to be stored now, and on whose account; null: nothing.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="seen">What was just seen of its domain; null: nothing.</param>
    /// <param name="trouble">Why the hypervisor cannot be reached; null when it can.</param>
    public (Journal.Cause Cause, IReadOnlyList<IVmEvent> Events)? Due(VmState state, Sighting? seen, string? trouble) =>
        FrozenSince(state) is not null && !timers.IsTimerActive(this) && VmDecider.DecideFrozen(state, seen?.Power == Power.Running, trouble) is VmDecision.Accepted accepted
            ? (Gatekeeper.OnFreeze<VmCommand>(access.Policy, new VmCommand.Suspend()).Cause, accepted.Events)
            : null;

    /// <summary>Something was stored.</summary>
    /// <returns>Whether it may be tried at once: a suspension that failed is tried again after a while.</returns>
    public bool MayFollow(VmState state, IVmEvent last)
    {
        _failures = last switch
        {
            VmEvents.OperationFailed => _failures + 1,
            VmEvents.SuspendAccepted => _failures,
            _ => 0,
        };
        if (last is not VmEvents.OperationFailed || FrozenSince(state) is null)
        {
            return true;
        }

        timers.StartSingleTimer(this, VmHostProtocol.Brake.Instance, settings.RetryDelay * Math.Pow(2, Math.Min(_failures - 1, DoublingsMax)));
        return false;
    }
}
