using Hydravisor.Actors.Access;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What sessions say to a node's host actor. All of it can travel between nodes.</summary>
internal static class HostMessages
{
    /// <summary>Make a VM. Answered by the VM's own <see cref="VmReply"/>; the sender follows the VM from then on.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    /// <param name="Request">What is wished for, by whose leave.</param>
    /// <param name="Limits">The most that the agent may have in its role; null: no limit.</param>
    public sealed record CreateVm(long Correlation, Authorised<VmRequest> Request, RoleLimits? Limits = null);

    /// <summary>Which VMs there are; null filters let all through. Answered by <see cref="VmsListed"/>.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    /// <param name="Labels">Which labels they must have.</param>
    /// <param name="Phase">In which phase they must be.</param>
    /// <param name="After">The last name of the page before; null: from the first.</param>
    /// <param name="Max">The most of one page; 0: all.</param>
    public sealed record ListVms(long Correlation, IReadOnlyDictionary<string, string>? Labels, VmPhase? Phase, string? After = null, int Max = 0)
    {
        /// <summary>Whether the filters let a VM through.</summary>
        public bool Wants(VmView view) => view.Phase != VmPhase.Deleted
            && (Phase is null || view.Phase == Phase)
            && (After is null || StringComparer.Ordinal.Compare(view.Name, After) > 0)
            && (Labels is null || Labels.All(label => view.Labels.TryGetValue(label.Key, out var value) && value == label.Value));
    }

    /// <summary>The answer to <see cref="ListVms"/>, by name.</summary>
    /// <param name="Correlation">The number of the question.</param>
    /// <param name="Views">The VMs.</param>
    /// <param name="Next">Where the next page begins, behind this name; null: that was all.</param>
    public sealed record VmsListed(long Correlation, IReadOnlyList<VmView> Views, string? Next = null);

    /// <summary>The sender wants to hear of every change of the VM, or of all VMs (null).</summary>
    public sealed record Follow(InstanceId? Id);

    /// <summary>A change, to those who follow; there is no previous phase of a VM that was just created.</summary>
    public sealed record VmChanged(VmPhase? Previous, VmView View);
}
