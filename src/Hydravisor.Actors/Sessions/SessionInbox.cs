using Akka.Actor;

namespace Hydravisor.Actors.Sessions;

/// <summary>The lines of the last batch that are not taken yet, and the acknowledgement that its stream waits for. Not thread-safe: the session's own.</summary>
internal sealed class SessionInbox
{
    private readonly Queue<InboundLine> _lines = [];
    private IActorRef? _owedAck;

    /// <summary>Whether all was taken.</summary>
    public bool IsEmpty => _lines.Count == 0;

    /// <summary>A batch came.</summary>
    public void Add(SessionProtocol.LineBatch batch, IActorRef stream)
    {
        foreach (var line in batch.Lines)
        {
            _lines.Enqueue(line);
        }

        _owedAck = stream;
    }

    /// <summary>Takes the next line.</summary>
    public bool TryTake(out InboundLine line) => _lines.TryDequeue(out line);

    /// <summary>What is left is not looked at any more.</summary>
    public void Clear() => _lines.Clear();

    /// <summary>Lets the stream send more, where it waits for that.</summary>
    public void Acknowledge()
    {
        _owedAck?.Tell(SessionProtocol.Ack.Instance);
        _owedAck = null;
    }
}
