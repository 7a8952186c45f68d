using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What sessions say to a node's host actor. What is not of all nodes at once can travel between them.</summary>
internal static class HostMessages
{
    /// <summary>Make a VM. Answered by the VM's own <see cref="VmReply"/>; the sender follows the VM from then on.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    /// <param name="Request">What is wished for, by whose leave.</param>
    /// <param name="Limits">The most that the agent may have in its role; null: no limit.</param>
    /// <param name="Follower">The path of who follows the VM, where that is not the sender: then the sender places VMs, and is told where it could be instead.</param>
    public sealed record CreateVm(long Correlation, Authorised<VmRequest> Request, RoleLimits? Limits = null, string? Follower = null);

    /// <summary>Take a VM of a node that was given up, and start it anew. Answered by the VM's own <see cref="VmReply"/>.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    /// <param name="Id">The VM.</param>
    /// <param name="From">The node.</param>
    public sealed record AdoptVm(long Correlation, InstanceId Id, string From);

    /// <summary>Keep room for a VM that is to come from a node that lives. Answered by <see cref="VmReply.Expected"/> or <see cref="VmReply.Denied"/>.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    /// <param name="Id">The VM.</param>
    /// <param name="From">The node.</param>
    /// <param name="WithDisk">Whether its disk can be taken, and is before the answer.</param>
    /// <param name="Live">Whether a place is to be made for it to come as it runs; the answer is <see cref="VmReply.Landing"/> then. Repeated, it is kept.</param>
    public sealed record ExpectVm(long Correlation, InstanceId Id, string From, bool WithDisk, bool Live = false);

    /// <summary>A VM that was to come stays where it is: what is kept for it can go. A hint, that may be lost: what nobody asks for any more is let go all the same.</summary>
    /// <param name="Id">The VM.</param>
    /// <param name="From">The node that has it.</param>
    public sealed record ExpectNoMore(InstanceId Id, string From);

    /// <summary>A VM was just released to the node: what stands in the store need not wait to be looked for. A hint, that may be lost.</summary>
    public sealed record LookForReleased;

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
            && (Labels is null || Label.Bears(view.Labels, Labels));
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

    /// <summary>How the nodes are. Answered by <see cref="NodesListed"/>.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    public sealed record QueryNodes(long Correlation) : INoSerializationVerificationNeeded;

    /// <summary>The answer to <see cref="QueryNodes"/>, by name.</summary>
    /// <param name="Correlation">The number of the question.</param>
    /// <param name="Nodes">The nodes.</param>
    public sealed record NodesListed(long Correlation, IReadOnlyList<NodeStanding> Nodes) : INoSerializationVerificationNeeded;

    /// <summary>Let a node take new VMs, or none, or have its own moved to others. Answered by <see cref="NodeDone"/> once that is durable, or by <see cref="VmReply.Denied"/>.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    /// <param name="Node">The node; null: this one.</param>
    /// <param name="Request">What is wished for, by whose leave.</param>
    public sealed record SetCordon(long Correlation, string? Node, Authorised<CordonWish> Request);

    /// <summary>The answer to what was wished of a node: it is so.</summary>
    /// <param name="Correlation">The number of the wish.</param>
    /// <param name="Node">The node.</param>
    public sealed record NodeDone(long Correlation, string Node);

    /// <summary>Where messages go from now on that are for VMs which are, or may be, another node's by now: as <see cref="Stray"/>.</summary>
    /// <param name="To">Who brings them where they belong.</param>
    public sealed record SendStraysTo(IActorRef To) : INoSerializationVerificationNeeded;

    /// <summary>A message to a VM that was released by this node, or is gone from it.</summary>
    /// <param name="About">It.</param>
    /// <param name="Sender">Who awaits the answer.</param>
    public sealed record Stray(IVmMessage About, IActorRef Sender) : INoSerializationVerificationNeeded;

    /// <summary>Whether the node is to take new VMs. Answered by <see cref="CordonIs"/>.</summary>
    public sealed record QueryCordon : INoSerializationVerificationNeeded;

    /// <summary>The answer to <see cref="QueryCordon"/>.</summary>
    /// <param name="Cordon">Null: it takes new VMs.</param>
    public sealed record CordonIs(Cordon? Cordon) : INoSerializationVerificationNeeded;

    /// <summary>How far the node's VMs have been moved to other nodes, to be told to who asks.</summary>
    /// <param name="Standing">It.</param>
    public sealed record DrainAdvanced(DrainStanding Standing) : INoSerializationVerificationNeeded;

    /// <summary>How the node is, and what it could take. Answered by <see cref="NodeView"/>.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    public sealed record QueryNode(long Correlation);
}
