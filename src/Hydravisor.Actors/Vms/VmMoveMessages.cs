using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Journal;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>What a node wants of a VM that goes to another one. Closed.</summary>
internal abstract record VmMoveStep
{
    private VmMoveStep()
    {
    }

    /// <summary>Decides on it. Pure.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="trouble">Why the hypervisor cannot be reached; null when it can.</param>
    /// <param name="frozenSince">Since when its agent is frozen; null: it is not.</param>
    public abstract VmDecision Decide(VmState state, string? trouble, DateTimeOffset? frozenSince);

    /// <summary>Nothing but the answer whether it may be moved now.</summary>
    public sealed record Consider : VmMoveStep
    {
        /// <inheritdoc/>
        public override VmDecision Decide(VmState state, string? trouble, DateTimeOffset? frozenSince) => VmMoveDecider.Consider(state, trouble, frozenSince);
    }

    /// <summary>Let it go off, to be moved.</summary>
    public sealed record Begin(string To) : VmMoveStep
    {
        /// <inheritdoc/>
        public override VmDecision Decide(VmState state, string? trouble, DateTimeOffset? frozenSince) => VmMoveDecider.Begin(state, To, trouble, frozenSince);
    }

    /// <summary>Let it go as it runs, to the place that was made for it.</summary>
    public sealed record Migrate(string To, Landing Landing) : VmMoveStep
    {
        /// <inheritdoc/>
        public override VmDecision Decide(VmState state, string? trouble, DateTimeOffset? frozenSince) => VmMoveDecider.Migrate(state, To, trouble, frozenSince);
    }

    /// <summary>Let it stay; one that was released by now is not to be called back so.</summary>
    public sealed record End(string Reason) : VmMoveStep
    {
        /// <inheritdoc/>
        public override VmDecision Decide(VmState state, string? trouble, DateTimeOffset? frozenSince) =>
            state.IsReleased ? new VmDecision.Already() : VmMoveDecider.End(state, Reason, frozenSince);
    }

    /// <summary>Let it be this node's again: the one that it was released to was given up, which the store judges.</summary>
    public sealed record TakeBack(string Reason) : VmMoveStep
    {
        /// <inheritdoc/>
        public override VmDecision Decide(VmState state, string? trouble, DateTimeOffset? frozenSince) => VmMoveDecider.End(state, Reason, frozenSince);
    }

    /// <summary>Let it be the other node's, which has its disk as it was at that revision.</summary>
    public sealed record Release(string To, long Revision) : VmMoveStep
    {
        /// <inheritdoc/>
        public override VmDecision Decide(VmState state, string? trouble, DateTimeOffset? frozenSince) => VmMoveDecider.Release(state, To, Revision);
    }
}

/// <summary>A step of a move, to a VM of this node.</summary>
/// <param name="Id">Which VM.</param>
/// <param name="Correlation">The number under which the sender awaits the <see cref="VmReply"/>.</param>
/// <param name="Step">What is wanted.</param>
internal sealed record VmMoveAsk(InstanceId Id, long Correlation, VmMoveStep Step) : IVmMessage, INoSerializationVerificationNeeded
{
    private static readonly VmReach Everything = new(new Principal("drain", "", ""), new VmScope("drain", [new VmSelector.All()]));

    /// <summary>What stands in its events.</summary>
    public static Cause Cause { get; } = Cause.Observed("node:drain");

    /// <inheritdoc/>
    public VmReach Reach => Everything;
}
