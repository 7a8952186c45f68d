using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>An event that cannot follow from the state that it meets: the journal or the program is wrong.</summary>
internal sealed class ContradictionException(string message) : Exception(message);

/// <summary>What events make of a VM's state. Pure, without a clock; throws on what contradicts the state.</summary>
internal static class VmFold
{
    /// <summary>The state after an event.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="event">The event.</param>
    /// <param name="at">When it was decided.</param>
    /// <exception cref="ContradictionException">The event cannot happen in that state.</exception>
    public static VmState Apply(VmState state, IVmEvent @event, DateTimeOffset at)
    {
        if (@event is VmEvents.Created created)
        {
            return Create(state, created, at);
        }

        if (@event is VmEvents.Adopted adopted)
        {
            return Adopt(state, adopted, at);
        }

        if (!state.Exists || (state.Phase == VmPhase.Deleting && @event is not VmEvents.Deleted) || (state.IsReleased && @event is not VmEvents.MoveEnded))
        {
            throw Contradiction(state, @event);
        }

        var next = @event switch
        {
            VmEvents.Provisioned e => EndOperation(state, @event, e.Operation, OperationKind.Provision) with { Arrival = null },
            VmEvents.BootBegun e => BeginBoot(state, e, at),
            VmEvents.DomainStarted e => EndOperation(state, @event, e.Operation, OperationKind.Boot) with { Run = e.Run },
            VmEvents.GuestReady e => BecomeReady(state, e, at),
            VmEvents.SuspendAccepted e => Begin(state, @event, e.Operation, OperationKind.Suspend, forced: false, at),
            VmEvents.Suspended e => EndIfAny(state, @event, e.Operation, OperationKind.Suspend).Enter(VmPhase.Suspended, at, Outside(e.Operation, "suspended")),
            VmEvents.ResumeAccepted e => Begin(state, @event, e.Operation, OperationKind.Resume, forced: false, at),
            VmEvents.Resumed e => EndIfAny(state, @event, e.Operation, OperationKind.Resume)
                .Enter(state.Ready ? VmPhase.Running : VmPhase.Booting, at, Outside(e.Operation, "resumed")),
            VmEvents.RebootAccepted e => Begin(state, @event, e.Operation, OperationKind.Reboot, forced: false, at),
            VmEvents.StopAccepted e => Begin(state, @event, e.Operation, OperationKind.Stop, e.Forced, at).Enter(VmPhase.Stopping, at, state.Move?.Sentence),
            VmEvents.Escalated e => Escalate(state, e, at),
            VmEvents.Stopped e => (EndIfAny(state, @event, e.Operation, OperationKind.Stop) with { Run = 0, Ready = false })
                .Enter(VmPhase.Stopped, at, e.Reason),
            VmEvents.OperationFailed e => (Matches(state, e.Operation) ? state with { Operation = null, Reason = e.Reason } : throw Contradiction(state, @event)),
            VmEvents.Failed e => (state with { Operation = null, Ready = false }).Enter(VmPhase.Failed, at, e.Reason),
            VmEvents.DeleteAccepted e => (Begin(state, @event, e.Operation, OperationKind.Delete, forced: true, at) with { Move = null }).Enter(VmPhase.Deleting, at, null),
            VmEvents.Deleted e => (EndOperation(state, @event, e.Operation, OperationKind.Delete) with { Run = 0, Ready = false }).Enter(VmPhase.Deleted, at, null),
            VmEvents.MoveBegun e => BeginMove(state, e),
            VmEvents.MigrationBegun e => BeginMigration(state, e, at),
            VmEvents.Landed e => Land(state, e, at),
            VmEvents.MoveEnded e => EndMove(state, e),
            VmEvents.Released e => Release(state, e),
            _ => throw new ContradictionException($"{@event.GetType().Name} is not an event that this version knows."),
        };
        return next with { Revision = state.Revision + 1 };
    }

    private static VmState Create(VmState state, VmEvents.Created e, DateTimeOffset at) =>
        state.Id is not null
            ? throw Contradiction(state, e)
            : new VmState
            {
                Id = e.Id,
                Node = string.Intern(e.Node),
                Owner = e.Owner,
                RequestId = e.RequestId,
                RequestDigest = e.RequestDigest,
                Spec = e.Spec.Shared(),
                Phase = VmPhase.Provisioning,
                Since = at,
                Operation = new Operation(e.Operation, OperationKind.Provision, Forced: false, at),
                LastOperation = e.Operation,
                Revision = 1,
            };

    private static VmState BeginMove(VmState state, VmEvents.MoveBegun e) =>
        new VmMove(e.To, e.Starts, IsReleased: false) is var move && VmMoveDecider.MayBegin(state) ? state with { Move = move, Reason = move.Sentence } : throw Contradiction(state, e);

    private static VmState BeginMigration(VmState state, VmEvents.MigrationBegun e, DateTimeOffset at) =>
        new VmMove(e.To, Starts: true, IsReleased: false) { IsLive = true } is var move && VmMoveDecider.MayMigrate(state)
            ? Begin(state, e, e.Operation, OperationKind.Migrate, forced: false, at) with { Move = move, Reason = move.Sentence }
            : throw Contradiction(state, e);

    private static VmState EndMove(VmState state, VmEvents.MoveEnded e) => state switch
    {
        { Move: null } => throw Contradiction(state, e),
        { Operation.Kind: OperationKind.Migrate } => state with { Move = null, Reason = e.Reason, Operation = null },
        _ => state with { Move = null, Reason = e.Reason },
    };

    private static VmState Release(VmState state, VmEvents.Released e) =>
        state is { Move: { IsReleased: false } move } && move.To == e.To && move with { IsReleased = true } is var released
        && state is { Phase: VmPhase.Stopped, Operation: null, Move.IsLive: false } or { Operation.Kind: OperationKind.Migrate, Move.IsLive: true }
            ? state with { Move = released, Reason = released.Sentence, Operation = null }
            : throw Contradiction(state, e);

    private static VmState Land(VmState state, VmEvents.Landed e, DateTimeOffset at) => state is { Phase: VmPhase.Provisioning, Operation: null } && e.Run != 0
        ? (Begin(state, e, e.Operation, OperationKind.Resume, forced: false, at) with { Run = e.Run }).Enter(VmPhase.Suspended, at, state.Reason)
        : throw Contradiction(state, e);

    // The node may have had it before, and lost it meanwhile: what it knew then counts no more.
    private static VmState Adopt(VmState state, VmEvents.Adopted e, DateTimeOffset at)
    {
        var arrival = e.State.Move is { IsReleased: true } move && move.To == e.Node ? new VmArrival(e.State.Node, move.Starts) { IsLive = move.IsLive } : null;
        return !e.State.Exists || (state.Id is { } id && id != e.State.Id) || e.Operation <= e.State.LastOperation
            ? throw Contradiction(state, e)
            : (e.State with
            {
                Move = null,
                Arrival = arrival,
                Node = string.Intern(e.Node),
                Spec = e.State.Spec?.Shared(),
                Ready = arrival is { IsLive: true } && e.State.Ready,
                Run = 0,
                Operation = new Operation(e.Operation, OperationKind.Provision, Forced: false, at),
                LastOperation = e.Operation,
                Revision = e.State.Revision + 1,
            }).Enter(VmPhase.Provisioning, at, arrival is null ? $"the node {e.State.Node} was lost; it is started anew on {e.Node}" : $"it was moved from the node {e.State.Node} to {e.Node}");
    }

    private static VmState BeginBoot(VmState state, VmEvents.BootBegun e, DateTimeOffset at)
    {
        if (e.Incarnation != state.Incarnation + 1)
        {
            throw Contradiction(state, e);
        }

        var next = state with { Incarnation = e.Incarnation, Ready = false, Run = e.Run, Operation = null };
        next = e.Operation == 0 ? next : Begin(next, e, e.Operation, OperationKind.Boot, forced: false, at);
        var reason = e.Trigger switch
        {
            BootTrigger.Guest => "the guest rebooted by itself",
            BootTrigger.Outside => "started outside of Hydravisor",
            BootTrigger.Adopted => "started anew, with a new disk, since its node was lost",
            BootTrigger.Moved => "started on the node that it was moved to",
            BootTrigger.MoveEnded => state.Reason,
            _ => null,
        };
        return next.Enter(VmPhase.Booting, at, reason);
    }

    private static VmState BecomeReady(VmState state, VmEvents.GuestReady e, DateTimeOffset at) =>
        e.Incarnation == state.Incarnation && state.Phase == VmPhase.Booting
            ? (state with { Ready = true }).Enter(VmPhase.Running, at, null)
            : throw Contradiction(state, e);

    private static VmState Escalate(VmState state, VmEvents.Escalated e, DateTimeOffset at) =>
        Matches(state, e.Operation)
            ? state with { Operation = state.Operation! with { Forced = true, Since = at }, Reason = e.Reason }
            : throw Contradiction(state, e);

    private static VmState Begin(VmState state, IVmEvent e, long number, OperationKind kind, bool forced, DateTimeOffset at) =>
        number > state.LastOperation
            ? state with { Operation = new Operation(number, kind, forced, at), LastOperation = number }
            : throw Contradiction(state, e);

    private static VmState EndOperation(VmState state, IVmEvent e, long number, OperationKind kind) =>
        Matches(state, number) && state.Operation!.Kind == kind ? state with { Operation = null } : throw Contradiction(state, e);

    private static VmState EndIfAny(VmState state, IVmEvent e, long number, OperationKind kind) =>
        number == 0 ? state with { Operation = null } : EndOperation(state, e, number, kind);

    private static bool Matches(VmState state, long number) => state.Operation?.Number == number;

    private static VmState Enter(this VmState state, VmPhase phase, DateTimeOffset at, string? reason) =>
        state with { Phase = phase, Since = phase == state.Phase ? state.Since : at, Reason = reason };

    private static string? Outside(long operation, string what) => operation == 0 ? what + " outside of Hydravisor" : null;

    private static ContradictionException Contradiction(VmState state, IVmEvent e) =>
        new($"{e} cannot happen to {state.Id?.Value ?? "a VM that does not exist"} in {state.Phase}, "
            + $"incarnation {state.Incarnation}, operation {state.Operation?.ToString() ?? "none"}.");
}
