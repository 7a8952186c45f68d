using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Hydravisor.Actors.Hosts;

/// <summary>The mailbox of the supervisors between the host and its VMs, of which there are as many as VMs and which hardly ever get a message.</summary>
/// <remarks>The default's lock-free queue takes a kilobyte as soon as it is made; this one grows from nothing, under a lock that nobody contends for.</remarks>
internal sealed class SupervisorMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<SupervisorMailbox.Waiting>
{
    /// <summary>Its place in the configuration.</summary>
    public const string Id = "hydravisor.supervisor-mailbox";

    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new Waiting();

    /// <summary>The messages. Safe for all threads.</summary>
    internal sealed class Waiting : IMessageQueue
    {
        private readonly Queue<Envelope> _queue = new();

        /// <inheritdoc/>
        public bool HasMessages => Count > 0;

        /// <inheritdoc/>
        public int Count
        {
            get
            {
                lock (_queue)
                {
                    return _queue.Count;
                }
            }
        }

        /// <inheritdoc/>
        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            lock (_queue)
            {
                _queue.Enqueue(envelope);
            }
        }

        /// <inheritdoc/>
        public bool TryDequeue(out Envelope envelope)
        {
            lock (_queue)
            {
                return _queue.TryDequeue(out envelope);
            }
        }

        /// <inheritdoc/>
        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryDequeue(out var envelope))
            {
                deadletters.Enqueue(owner, envelope);
            }
        }
    }
}
