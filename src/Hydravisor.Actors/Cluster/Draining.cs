using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Why a VM of a node that is drained was left where it is.</summary>
/// <param name="Why">Part of a sentence.</param>
/// <param name="Again">When it is tried again.</param>
internal sealed record PutAside(string Why, DateTimeOffset Again);

/// <summary>A VM on its way off a node. Immutable.</summary>
/// <param name="Id">The VM.</param>
/// <param name="Step">What is awaited.</param>
/// <param name="Correlation">The number of the question that is open.</param>
/// <param name="AskedAt">When it was asked, as a timestamp of the clock.</param>
/// <param name="To">The node that it goes to; null: not known yet.</param>
/// <param name="Revision">That of the VM when it was off, or was told to go off.</param>
internal sealed record Leaving(InstanceId Id, LeavingStep Step, long Correlation, long AskedAt, string? To = null, long Revision = 0)
{
    /// <summary>The number under which a place was asked for, for it to come as it runs; 0: none was.</summary>
    public long Landing { get; init; }

    /// <summary>When it was asked last, as a timestamp of the clock.</summary>
    public long SentAt { get; init; }

    /// <summary>Whether the node that it goes to has to answer, or to keep its room.</summary>
    public bool IsTheOthers => Step is LeavingStep.Landing or LeavingStep.Migrating or LeavingStep.Stopping or LeavingStep.Bringing;

    /// <summary>Whether the VM may have been told to go off or away, and was not released for certain.</summary>
    public bool IsUnderWay => Step is LeavingStep.Migrating or LeavingStep.Beginning or LeavingStep.Stopping or LeavingStep.Bringing;
}

/// <summary>What is awaited of a VM on its way off a node, in this order.</summary>
internal enum LeavingStep
{
    /// <summary>Whether it may be moved.</summary>
    Considering,

    /// <summary>What the store has of it.</summary>
    Reading,

    /// <summary>A node that keeps room for it.</summary>
    Placing,

    /// <summary>A place there for it to come as it runs.</summary>
    Landing,

    /// <summary>That it is there as it ran, and released.</summary>
    Migrating,

    /// <summary>That its move is written down.</summary>
    Beginning,

    /// <summary>That it is off.</summary>
    Stopping,

    /// <summary>That the other node has its disk.</summary>
    Bringing,

    /// <summary>That it is released.</summary>
    Releasing,
}

/// <summary>Decides which VM leaves a node next, and what is said of the others. Pure.</summary>
internal static class Draining
{
    private const int ReasonsMax = 10;

    /// <summary>The VMs whose move was begun and that nobody moves any more: it has to be ended.</summary>
    /// <param name="here">The node's VMs.</param>
    /// <param name="leaving">The one on its way; null: none is.</param>
    public static IEnumerable<InstanceId> Left(IEnumerable<VmView> here, InstanceId? leaving) =>
        here.Where(view => view.Move is { IsReleased: false } && view.Id != leaving).Select(view => view.Id);

    /// <summary>The VM that leaves next; null: none can now.</summary>
    /// <param name="here">The node's VMs.</param>
    /// <param name="aside">Those that were left where they are.</param>
    /// <param name="now">The time.</param>
    public static InstanceId? Next(IEnumerable<VmView> here, IReadOnlyDictionary<InstanceId, PutAside> aside, DateTimeOffset now) =>
        here.FirstOrDefault(view => view is { Move: null, Phase: not (VmPhase.Deleting or VmPhase.Deleted) } && !(aside.TryGetValue(view.Id, out var left) && left.Again > now))?.Id;

    /// <summary>What a VM that goes as it runs says of itself: true: it is released; null: it is on its way; false: it stays.</summary>
    /// <param name="view">It, since it was told.</param>
    /// <param name="to">The node that it goes to.</param>
    public static bool? IsAway(VmView view, string to) => view.Move is { IsLive: true } move && move.To == to ? (move.IsReleased ? true : null) : false;

    /// <summary>What a VM that is to go off says of itself: true: it is off; null: it is going off; false: it will not.</summary>
    /// <param name="view">It, since it was told.</param>
    /// <param name="to">The node that it goes to.</param>
    public static bool? IsOff(VmView view, string to) =>
        view.Move is not { IsReleased: false } move || move.To != to ? false
        : view.Phase switch
        {
            VmPhase.Stopped => true,
            VmPhase.Stopping => null,
            _ => false,
        };

    /// <summary>How far it has come.</summary>
    /// <param name="here">The node's VMs.</param>
    /// <param name="aside">Those that were left where they are.</param>
    public static DrainStanding Standing(IReadOnlyCollection<VmView> here, IReadOnlyDictionary<InstanceId, PutAside> aside) => new(
        here.Count(view => !view.IsReleased),
        [
            .. here.Where(view => aside.ContainsKey(view.Id)).GroupBy(view => aside[view.Id].Why, StringComparer.Ordinal)
                .Select(group => new DrainStay(group.Key, group.Count())).OrderByDescending(stay => stay.Vms).ThenBy(stay => stay.Why, StringComparer.Ordinal).Take(ReasonsMax),
        ]);
}
