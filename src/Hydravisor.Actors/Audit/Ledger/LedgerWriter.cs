using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Ledger;

/// <summary>The only writer of a node's ledger: takes one batch after another and stores each as a whole.</summary>
/// <remarks>A child of <see cref="LedgerActor"/> by way of a backoff supervisor; speaks only with it. It ends when the journal cannot be written.</remarks>
internal sealed class LedgerWriter : UntypedPersistentActor
{
    private const int SnapshotEvery = 1000;
    private readonly IActorRef _ledger;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private LedgerState _state = LedgerState.Empty;
    private EventHash _head = EventHash.Start;

    /// <summary>Makes the writer of a node's ledger.</summary>
    public LedgerWriter(string node, IActorRef ledger, TimeProvider time)
    {
        (_ledger, _time) = (ledger, time);
        PersistenceId = StreamOf(node);
    }

    /// <inheritdoc/>
    public override string PersistenceId { get; }

    /// <summary>The persistence id of a node's ledger.</summary>
    public static string StreamOf(string node) => $"ledger|{node}";

    /// <inheritdoc/>
    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: LedgerSnapshot snapshot }:
                _state = new LedgerState(snapshot.Policy, snapshot.Agents.ToImmutableDictionary(StringComparer.Ordinal));
                _head = EventHash.Parse(snapshot.Head);
                break;
            case StoredEvent stored:
                stored.VerifyFollows(PersistenceId, LastSequenceNr, _head);
                Apply(stored);
                break;
            case RecoveryCompleted:
                _ledger.Tell(new Ready(), Self);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case Write write:
                Store(write);
                break;
            case SaveSnapshotSuccess:
                break;
            case SaveSnapshotFailure failure:
                _log.Warning(failure.Cause, "a snapshot of the ledger could not be stored; its events are all there");
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => _ledger.Tell(new Failed(cause.Message));

    /// <inheritdoc/>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        _log.Error(cause, "the journal refused an event of the ledger, which is a defect");
        _ledger.Tell(new Failed(cause.Message));
        Context.Stop(Self);
    }

    /// <inheritdoc/>
    protected override void OnRecoveryFailure(Exception reason, object? message = null) => _ledger.Tell(new Failed(reason.Message));

    private void Store(Write write)
    {
        var at = _time.GetUtcNow();
        var (sequence, head) = (LastSequenceNr, _head);
        var batch = new List<StoredEvent>(write.Records.Count);
        foreach (var (cause, what) in Changes(write.InForce).Concat(write.Records))
        {
            var stored = StoredEvent.Seal(LedgerEvents.Vocabulary, PersistenceId, ++sequence, at, head, cause, what);
            head = stored.Hash;
            batch.Add(stored);
        }

        if (batch.Count == 0)
        {
            _ledger.Tell(new Written());
            return;
        }

        var left = batch.Count;
        PersistAll(batch, stored =>
        {
            Apply(stored);
            if (--left == 0)
            {
                _ledger.Tell(new Written());
                if ((LastSequenceNr - batch.Count) / SnapshotEvery != LastSequenceNr / SnapshotEvery)
                {
                    SaveSnapshot(new LedgerSnapshot(_state.Policy, _state.Agents, _head.Hex));
                }
            }
        });
    }

    private IEnumerable<(Cause, ILedgerEvent)> Changes(InForce? now) =>
        now is null ? [] : _state.Changes(now).Select(change => (Cause.Observed("access:changed"), change));

    private void Apply(StoredEvent stored)
    {
        _state = _state.Apply((ILedgerEvent)stored.Event);
        _head = stored.Hash;
    }

    /// <summary>Ledger → writer: store these, and what changed.</summary>
    /// <param name="InForce">What is in force, where it may have changed. What it changes comes before the records.</param>
    /// <param name="Records">What is to be written down.</param>
    internal sealed record Write(InForce? InForce, IReadOnlyList<(Cause Cause, ILedgerEvent What)> Records) : INoSerializationVerificationNeeded;

    /// <summary>Writer → ledger: it is there, and takes a batch.</summary>
    internal sealed record Ready : INoSerializationVerificationNeeded;

    /// <summary>Writer → ledger: the batch is durable.</summary>
    internal sealed record Written : INoSerializationVerificationNeeded;

    /// <summary>Writer → ledger: the journal cannot be written, or the ledger not read back; it will be started again.</summary>
    internal sealed record Failed(string Reason) : INoSerializationVerificationNeeded;
}
