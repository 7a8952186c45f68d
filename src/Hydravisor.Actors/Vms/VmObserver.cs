using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>Says what an observation means: (state, observation) → events. Pure. Old news mean nothing.</summary>
internal static class VmObserver
{
    private static readonly IReadOnlyList<IVmEvent> Nothing = [];

    /// <summary>The events that follow from an observation; none when it is old or changes nothing.</summary>
    public static IReadOnlyList<IVmEvent> Observe(VmState state, VmObservation observation)
    {
        if (!state.Exists || state.IsReleased)
        {
            return Nothing;
        }

        return observation switch
        {
            VmObservation.Ended ended => ObserveEnd(state, ended),
            VmObservation.Seen seen when seen.Revision == state.Revision => ObserveSighting(state, seen.Sighting, seen.Behind),
            VmObservation.Reset => ObserveReset(state),
            VmObservation.Alive alive when IsBooting(state, alive.Incarnation) => [new VmEvents.GuestReady(alive.Incarnation, alive.Sign)],
            VmObservation.Overdue overdue => ObserveOverdue(state, overdue),
            VmObservation.BootOverdue overdue when IsBooting(state, overdue.Incarnation) =>
                [new VmEvents.Failed($"the guest showed no sign of life within {overdue.Waited.TotalSeconds:0} s of its boot")],
            _ => Nothing,
        };
    }

    private static bool IsBooting(VmState state, long incarnation) =>
        state is { Phase: VmPhase.Booting, Operation: null } && state.Incarnation == incarnation;

    private static IReadOnlyList<IVmEvent> ObserveEnd(VmState state, VmObservation.Ended ended)
    {
        // Another number, or a guest that was asked before force was used, is an outcome of the past; unavailable says nothing,
        // and the call is made again when the hypervisor is back.
        if (state.Operation is not { } operation
            || operation.Number != ended.Operation
            || operation.Forced != ended.Forced
            || ended.Outcome.Kind == OutcomeKind.Unavailable)
        {
            return Nothing;
        }

        var number = operation.Number;
        var reason = ended.Outcome.Reason;
        return (operation.Kind, ended.Outcome.IsDone) switch
        {
            // What it said in its memory is lost where it does not stand there, still; its disk is there.
            (OperationKind.Provision, true) when state.Arrival is { IsLive: true } && ended.Run != 0 => [new VmEvents.Provisioned(number), new VmEvents.Landed(number + 1, ended.Run)],
            (OperationKind.Provision, true) => state.Arrival is { Starts: false } arrival
                ? [new VmEvents.Provisioned(number), new VmEvents.Stopped(Operation: 0, $"it was moved from the node {arrival.From}, where it was off")]
                : [new VmEvents.Provisioned(number), new VmEvents.BootBegun(state.Incarnation + 1, FirstBoot(state), number + 1, Run: 0)],
            // Its disk came from elsewhere and lies beside: nothing else is to be made of it, so that it is tried again.
            (OperationKind.Provision, false) when state.Arrival is not null => Nothing,
            (OperationKind.Provision, false) => [new VmEvents.Failed("it could not be provisioned: " + reason)],
            (OperationKind.Boot, true) => [new VmEvents.DomainStarted(number, ended.Run)],
            (OperationKind.Boot, false) => [new VmEvents.Failed("its domain could not be started: " + reason)],
            (OperationKind.Migrate, true) => [new VmEvents.Released(state.Move!.To)],
            (OperationKind.Migrate, false) when ended.Run != 0 => [new VmEvents.MoveEnded(reason)],
            (OperationKind.Migrate, false) => [new VmEvents.MoveEnded(reason), new VmEvents.BootBegun(state.Incarnation + 1, BootTrigger.MoveEnded, number + 1, Run: 0)],
            (OperationKind.Suspend, true) => [new VmEvents.Suspended(number)],
            (OperationKind.Resume, true) => [new VmEvents.Resumed(number)],
            (OperationKind.Suspend or OperationKind.Resume, false) => [new VmEvents.OperationFailed(number, reason)],
            (OperationKind.Reboot or OperationKind.Stop, false) when !operation.Forced =>
                [new VmEvents.Escalated(number, "the guest could not be asked: " + reason)],
            (OperationKind.Reboot, false) => [new VmEvents.OperationFailed(number, reason)],
            (OperationKind.Stop, true) when operation.Forced => [new VmEvents.Stopped(number, StopReason(state))],
            (OperationKind.Delete, true) => [new VmEvents.Deleted(number)],
            // A guest that was asked is not yet off or rebooted: that is seen later. A destroy or removal that failed is tried again.
            (OperationKind.Reboot or OperationKind.Stop, true) or (OperationKind.Stop or OperationKind.Delete, false) => Nothing,
            var other => throw new InvalidOperationException($"{other} is an outcome without a meaning."),
        };
    }

    private static BootTrigger FirstBoot(VmState state) =>
        state.Incarnation == 0 ? BootTrigger.Created : state.Arrival is null ? BootTrigger.Adopted : BootTrigger.Moved;

    // Why it is off whose stop was asked for.
    private static string StopReason(VmState state) => state.Move is { } move ? move.Sentence
        : state.Operation is { Forced: true } ? state.Reason ?? "stopped by force"
        : "stopped at an agent's request";

    private static IReadOnlyList<IVmEvent> ObserveSighting(VmState state, Sighting seen, bool behind) => state.Operation?.Kind switch
    {
        OperationKind.Provision or OperationKind.Boot or OperationKind.Delete or OperationKind.Migrate => Nothing,
        // A start may still be under way that was called before the stop: off is off only behind the stop's own call.
        OperationKind.Stop => behind && seen.Power is Power.Off or Power.Missing
            ? [new VmEvents.Stopped(state.Operation.Number, StopReason(state))]
            : Nothing,
        not null => seen.Power is Power.Off or Power.Missing ? WentOff(seen) : Nothing,
        null => ObserveIdle(state, seen),
    };

    private static IReadOnlyList<IVmEvent> ObserveIdle(VmState state, Sighting seen)
    {
        var another = seen.Run != 0 && seen.Run != state.Run;
        return (state.Phase, seen.Power) switch
        {
            (VmPhase.Booting or VmPhase.Running or VmPhase.Suspended, Power.Off or Power.Missing) => WentOff(seen),
            (VmPhase.Booting or VmPhase.Running or VmPhase.Suspended, _) when another => StartedOutside(state, seen),
            (VmPhase.Booting or VmPhase.Running, Power.Paused) => [new VmEvents.Suspended(Operation: 0)],
            (VmPhase.Suspended, Power.Running) => [new VmEvents.Resumed(Operation: 0)],
            (VmPhase.Stopped, Power.Running or Power.Paused) => StartedOutside(state, seen),
            (VmPhase.Failed, Power.Running or Power.Paused) when another => StartedOutside(state, seen),
            (VmPhase.Stopped, Power.Missing) => WentOff(seen),
            _ => Nothing,
        };
    }

    private static IReadOnlyList<IVmEvent> StartedOutside(VmState state, Sighting seen)
    {
        var begun = new VmEvents.BootBegun(state.Incarnation + 1, BootTrigger.Outside, Operation: 0, seen.Run);
        return seen.Power == Power.Paused ? [begun, new VmEvents.Suspended(Operation: 0)] : [begun];
    }

    private static IReadOnlyList<IVmEvent> WentOff(Sighting seen) => seen switch
    {
        { Power: Power.Missing } => [new VmEvents.Failed("its domain is gone: it was undefined outside of Hydravisor")],
        { Off: OffReason.Shutdown } => [new VmEvents.Stopped(Operation: 0, "the guest powered itself off")],
        { Off: OffReason.Destroyed } => [new VmEvents.Stopped(Operation: 0, "destroyed outside of Hydravisor")],
        { Off: OffReason.Crashed } => [new VmEvents.Failed("its QEMU process died (killed or crashed)")],
        _ => [new VmEvents.Failed("its domain was found off for no known reason; the machine may have been restarted")],
    };

    // A guest that is being started, stopped or removed is nobody's yet, or no longer. An accepted wish goes on under a new number.
    private static IReadOnlyList<IVmEvent> ObserveReset(VmState state) => (state.Phase, state.Operation?.Kind) switch
    {
        (VmPhase.Running, OperationKind.Reboot) => [BootedAgain(state, BootTrigger.Rebooted)],
        (VmPhase.Running or VmPhase.Booting, null) => [BootedAgain(state, BootTrigger.Guest)],
        (VmPhase.Running or VmPhase.Booting, OperationKind.Suspend) =>
            [BootedAgain(state, BootTrigger.Guest), new VmEvents.SuspendAccepted(state.LastOperation + 1)],
        (VmPhase.Suspended, null) => [BootedAgain(state, BootTrigger.Guest), new VmEvents.Suspended(Operation: 0)],
        (VmPhase.Suspended, OperationKind.Resume) =>
            [BootedAgain(state, BootTrigger.Guest), new VmEvents.Suspended(Operation: 0), new VmEvents.ResumeAccepted(state.LastOperation + 1)],
        _ => Nothing,
    };

    private static VmEvents.BootBegun BootedAgain(VmState state, BootTrigger trigger) =>
        new(state.Incarnation + 1, trigger, Operation: 0, state.Run);

    private static IReadOnlyList<IVmEvent> ObserveOverdue(VmState state, VmObservation.Overdue overdue)
    {
        if (state.Operation is not { } operation || operation.Number != overdue.Operation || operation.Forced != overdue.Forced)
        {
            return Nothing;
        }

        return operation switch
        {
            { Kind: OperationKind.Stop or OperationKind.Reboot, Forced: false } =>
                [new VmEvents.Escalated(operation.Number, $"the guest did not follow within {overdue.Waited.TotalSeconds:0} s")],
            // The reset was carried out, or this time would not run: only the news of it was lost.
            { Kind: OperationKind.Reboot } => [BootedAgain(state, BootTrigger.Rebooted)],
            _ => Nothing,
        };
    }
}
