using Akka.Actor;
using Akka.Dispatch.MessageQueues;

namespace Hydravisor.Actors.Hosts;

/// <summary>The messages of an actor that hardly ever gets any, and of which there are as many as VMs. Safe for all threads.</summary>
/// <remarks>The default's lock-free queue takes a kilobyte as soon as it is made; this one grows from nothing, under a lock that nobody contends for.</remarks>
internal sealed class SmallQueue : IMessageQueue
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
