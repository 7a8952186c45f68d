using Akka.Actor;
using Hydravisor.Actors.Journal;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>What a session has written down before it goes on: nothing that was not let, shown or read is answered without a record.</summary>
/// <remarks>Not thread-safe: the session's own, and called from its mailbox only.</remarks>
/// <param name="self">The session, which hears when a record is durable.</param>
/// <param name="ledger">The node's ledger.</param>
/// <param name="remote">Where the connection comes from.</param>
/// <param name="send">Writes a message to the agent.</param>
internal sealed class SessionEvidence(IActorRef self, ILedger ledger, string remote, Action<ServerMessage> send)
{
    private readonly Dictionary<long, (Action<string?> Then, bool Denial)> _open = [];
    private readonly Dictionary<InstanceId, (Cause Cause, long TypedBytes)> _attached = [];
    private long _last;
    private int _denials;

    /// <summary>How many records are not durable yet.</summary>
    public int OpenCount => _open.Count;

    /// <summary>Whether a denial is being written down. Nothing more is taken meanwhile: answers to denials stay in their order, and who is only
    /// denied is no quicker than the disk.</summary>
    public bool IsDenying => _denials > 0;

    /// <summary>Where the connection comes from.</summary>
    public string Remote => remote;

    /// <summary>Why nothing may be changed now; null: it may.</summary>
    public string? Refusal => ledger.Refusal;

    /// <summary>Writes something down, and goes on when it is durable; where it cannot be, the agent is told so instead.</summary>
    /// <param name="cause">Who asked.</param>
    /// <param name="what">What.</param>
    /// <param name="instanceId">The VM that it is about.</param>
    /// <param name="then">Goes on.</param>
    public void Record(Cause cause, ILedgerEvent what, string? instanceId, Action then)
    {
        void GoOn(string? why)
        {
            if (why is null)
            {
                then();
            }
            else
            {
                send(SessionRequests.Error(ErrorCode.Unavailable, $"it cannot be written down in the ledger now, so nothing was done: {why}", cause.RequestId, instanceId));
            }
        }

        var recording = ledger.RecordAsync(cause, what);
        if (recording.IsCompletedSuccessfully)
        {
            GoOn(recording.GetAwaiter().GetResult());
            return;
        }

        var (number, denial) = (++_last, what is LedgerEvents.Denied);
        _open[number] = (GoOn, denial);
        _denials += denial ? 1 : 0;
        recording.PipeTo(self, success: why => new Recorded(number, why), failure: e => new Recorded(number, e.Message));
    }

    /// <summary>A record is durable, or cannot be.</summary>
    public void Answer(Recorded recorded)
    {
        if (_open.Remove(recorded.Number, out var open))
        {
            _denials -= open.Denial ? 1 : 0;
            open.Then(recorded.Why);
        }
    }

    /// <summary>A terminal is shown from now on.</summary>
    public void Attached(InstanceId id, Cause cause) => _attached[id] = (cause, 0);

    /// <summary>Something was typed into it.</summary>
    public void Typed(InstanceId id, int bytes)
    {
        if (_attached.TryGetValue(id, out var attached))
        {
            _attached[id] = attached with { TypedBytes = attached.TypedBytes + bytes };
        }
    }

    /// <summary>A terminal is shown no more; harmless where it was not.</summary>
    public void Detached(InstanceId id, string why)
    {
        if (_attached.Remove(id, out var attached))
        {
            ledger.Note(attached.Cause, new LedgerEvents.Detached(id.Value, why, attached.TypedBytes));
        }
    }

    /// <summary>No terminal is shown any more.</summary>
    public void DetachedAll(string why)
    {
        foreach (var id in _attached.Keys.ToList())
        {
            Detached(id, why);
        }
    }

    /// <summary>Ledger → session: a record is durable, or cannot be.</summary>
    internal sealed record Recorded(long Number, string? Why) : INoSerializationVerificationNeeded;
}
