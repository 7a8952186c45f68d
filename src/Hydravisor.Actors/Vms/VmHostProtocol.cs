using Akka.Actor;
using Hydravisor.Actors.Journal;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>One visible step of a VM: what it was (null: it was not there), and what it is.</summary>
internal sealed record VmChange(VmPhase? Previous, VmView View);

/// <summary>What a VM and its host say to each other. A VM is always a child of its host, so none of it leaves the process.</summary>
internal static class VmHostProtocol
{
    /// <summary>VM → host: events were stored. The host updates its roster, hands on the reply, then broadcasts the changes.</summary>
    /// <remarks>All three in this order and from one actor, so that an agent whose request was answered finds it in vm/list.</remarks>
    public sealed record Advanced(VmView View, IReadOnlyList<VmChange> Changes, Cause Cause, VmReply? Reply, IActorRef? ReplyTo)
        : INoSerializationVerificationNeeded;

    /// <summary>VM → host: recovered; the view is null when the journal holds nothing of it.</summary>
    public sealed record Recovered(InstanceId Id, VmView? View) : INoSerializationVerificationNeeded;

    /// <summary>VM → host: its journal cannot be replayed; its actor ends and is tried again.</summary>
    public sealed record NotRecovered(InstanceId Id, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>Host → VM: go on as the VM that stands there, which is this node's from now on.</summary>
    /// <param name="Id">The VM.</param>
    /// <param name="Correlation">The number under which it is awaited.</param>
    /// <param name="Asker">Who awaits the <see cref="VmReply"/>.</param>
    /// <param name="Left">Where and how it stands.</param>
    /// <param name="Cause">Why.</param>
    public sealed record Adopt(InstanceId Id, long Correlation, IActorRef Asker, VmLeft Left, Cause Cause) : INoSerializationVerificationNeeded;

    /// <summary>VM → host: a creation or an adoption that the host sent was decided on, one way or the other. Comes after <see cref="Advanced"/>.</summary>
    public sealed record CreateEnded(InstanceId Id) : INoSerializationVerificationNeeded;

    /// <summary>Host → VM: the hypervisor is there; look at the domain, then do what is outstanding.</summary>
    public sealed record Reconcile : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static Reconcile Instance { get; } = new();
    }

    /// <summary>Host → VM: the domain changed; look at it.</summary>
    public sealed record Look : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static Look Instance { get; } = new();
    }

    /// <summary>Host → VM: its terminal session is gone, and nobody here ended it.</summary>
    public sealed record TerminalLost : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static TerminalLost Instance { get; } = new();
    }

    /// <summary>Host → VM: who is frozen may have changed; suspend where its agent is.</summary>
    public sealed record Brake : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static Brake Instance { get; } = new();
    }

    /// <summary>Host → VM: end for good (deleted and known to be so, or never created).</summary>
    public sealed record Retire : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static Retire Instance { get; } = new();
    }
}
