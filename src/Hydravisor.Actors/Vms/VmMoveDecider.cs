using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>Decides on a VM's way to another node: off, its disk copied there, released. Until it is released it is this node's, whatever happens to the other one. Pure.</summary>
/// <remarks>Asked by the node, not by agents: what those want of a VM on its way is refused. See docs/decisions/0023-a-vm-moves-when-the-other-node-has-its-disk.md.</remarks>
internal static class VmMoveDecider
{
    /// <summary>Whether a move may begin: the VM was made, nothing else is being done to it, and no memory of it would be lost that its agent wanted kept.</summary>
    public static bool MayBegin(VmState state) => WhyNot(state) is null;

    /// <summary>Why a VM does not move now; null: it may.</summary>
    /// <param name="state">The VM.</param>
    public static string? WhyNot(VmState state) => state switch
    {
        { Exists: false } => "it is not there",
        { Move: { } move } => move.Sentence,
        { Operation: not null } or { Phase: VmPhase.Provisioning or VmPhase.Stopping or VmPhase.Deleting } => "something else is being done to it",
        { Phase: VmPhase.Suspended } => "it is suspended, and its memory would be lost: resume or stop it",
        { Incarnation: 0 } => "its domain was never made: delete it",
        _ => null,
    };

    /// <summary>Whether it may go as it runs.</summary>
    /// <param name="state">The VM.</param>
    public static bool MayMigrate(VmState state) => MayBegin(state) && state is { Phase: VmPhase.Running, Ready: true };

    /// <summary>Decides on the begin of a move of a VM that runs, and is to run on meanwhile.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="to">The node that has made a place for it.</param>
    /// <param name="trouble">Why the hypervisor cannot be reached; null when it can.</param>
    /// <param name="frozenSince">Since when its agent is frozen; null: it is not.</param>
    public static VmDecision Migrate(VmState state, string to, string? trouble, DateTimeOffset? frozenSince) => Consider(state, trouble, frozenSince) switch
    {
        VmDecision.Denied denied => denied,
        _ when !MayMigrate(state) => Deny(VmDenial.WrongPhase, "it does not run"),
        _ => new VmDecision.Accepted([new VmEvents.MigrationBegun(to, state.LastOperation + 1)]),
    };

    /// <summary>Decides on the begin of a move: a VM that runs is stopped as its agent would stop it; one that failed may still have a domain that runs.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="to">The node that has room for it.</param>
    /// <param name="trouble">Why the hypervisor cannot be reached; null when it can.</param>
    /// <param name="frozenSince">Since when its agent is frozen, which wants its memory kept; null: it is not.</param>
    public static VmDecision Begin(VmState state, string to, string? trouble, DateTimeOffset? frozenSince)
    {
        if (Consider(state, trouble, frozenSince) is VmDecision.Denied denied)
        {
            return denied;
        }

        var begun = new VmEvents.MoveBegun(to, Starts: state.Phase is VmPhase.Running or VmPhase.Booting);
        return new VmDecision.Accepted(state.Phase == VmPhase.Stopped ? [begun] : [begun, new VmEvents.StopAccepted(state.LastOperation + 1, Forced: state.Phase == VmPhase.Failed)]);
    }

    /// <summary>Whether a move may begin: granted without an event, or denied.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="trouble">Why the hypervisor cannot be reached; null when it can.</param>
    /// <param name="frozenSince">Since when its agent is frozen; null: it is not.</param>
    public static VmDecision Consider(VmState state, string? trouble, DateTimeOffset? frozenSince)
    {
        if (trouble is not null)
        {
            return Deny(VmDenial.HypervisorDown, $"the hypervisor cannot be reached ({trouble})");
        }

        if (WhyNot(state) is { } why)
        {
            return Deny(state.Move is null ? VmDenial.Busy : VmDenial.Moving, why);
        }

        return frozenSince is not null && state.Phase != VmPhase.Stopped
            ? Deny(VmDenial.AgentFrozen, "its agent is frozen, and its memory would be lost: thaw the agent, or stop it")
            : new VmDecision.Already();
    }

    /// <summary>Decides on the end of a move that came to nothing: the VM stays, and runs again where it ran.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="reason">Why.</param>
    /// <param name="frozenSince">Since when its agent is frozen, so that it stays off; null: it is not.</param>
    public static VmDecision End(VmState state, string reason, DateTimeOffset? frozenSince)
    {
        if (!state.Exists || state.Move is not { } move)
        {
            return new VmDecision.Already();
        }

        if (state.Operation is not null)
        {
            return Deny(VmDenial.Busy, "its move is under way");
        }

        var ended = new VmEvents.MoveEnded(reason);
        // One that was released as it ran is off here, whatever its last phase was.
        return new VmDecision.Accepted(move.Starts && frozenSince is null && (state.Phase is VmPhase.Stopped or VmPhase.Failed || move is { IsLive: true, IsReleased: true })
            ? [ended, new VmEvents.BootBegun(state.Incarnation + 1, BootTrigger.MoveEnded, state.LastOperation + 1, Run: 0)]
            : [ended]);
    }

    /// <summary>Decides on the release of a VM whose disk the other node has.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="to">The node that has it.</param>
    /// <param name="revision">That of the VM before its disk was read: one that did anything since has another disk.</param>
    public static VmDecision Release(VmState state, string to, long revision) => state switch
    {
        { IsReleased: true, Move: { } move } when move.To == to => new VmDecision.Already(),
        { Exists: true, Move: { IsReleased: false, IsLive: false } move, Phase: VmPhase.Stopped, Operation: null } when move.To == to && state.Revision == revision =>
            new VmDecision.Accepted([new VmEvents.Released(to)]),
        _ => Deny(VmDenial.WrongPhase, "it was not left alone while its disk was copied"),
    };

    /// <summary>The answer to who wants anything else of a VM on its way.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="move">Its way.</param>
    public static VmDecision.Denied Refuse(InstanceId id, VmMove move) => Deny(VmDenial.Moving, $"{id} cannot be changed now: {move.Sentence}; nothing was done, try again");

    private static VmDecision.Denied Deny(VmDenial denial, string message) => new(denial, message);
}
