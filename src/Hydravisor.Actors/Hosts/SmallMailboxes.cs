using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Hydravisor.Actors.Hosts;

/// <summary>The mailbox of the supervisors between the host and its VMs.</summary>
internal sealed class SupervisorMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<SmallQueue>
{
    /// <summary>Its place in the configuration.</summary>
    public const string Id = "hydravisor.supervisor-mailbox";

    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new SmallQueue();
}

/// <summary>The mailbox of the VMs, which put messages aside while they write to the journal.</summary>
internal sealed class VmMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<VmMailbox.Messages>
{
    /// <summary>Its place in the configuration.</summary>
    public const string Id = "hydravisor.vm-mailbox";

    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new Messages();

    /// <summary>The messages, some of which come back to the front. Safe for all threads as <see cref="SmallQueue"/> is.</summary>
    internal sealed class Messages() : DequeWrapperMessageQueue(new SmallQueue()), IUnboundedDequeBasedMessageQueueSemantics;
}
