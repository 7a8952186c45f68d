using System.Globalization;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>Makes a node's checkpoints: looks at what is committed, signs the heads that moved, stores that, and tells the witness.</summary>
/// <remarks>
/// <code><![CDATA[
/// resting ── enough events, or time ──> reading ── heads ──> storing ── more ──> reading
///    ^                                     └─ none ─┐            └── no more ─┐
///    └───────────────────────────────────────────────┴────────────────────────┘
/// ]]></code>
/// A journal that cannot be written ends it; its supervisor starts it again. The witness is told in order, one after another, and again until it has heard.
/// </remarks>
internal sealed class CheckpointActor : UntypedPersistentActor, IWithTimers
{
    private const int HeadsMax = 5000;
    private const int SnapshotEvery = 100;
    private const int UnwitnessedMax = 10_000;
    private readonly CheckpointParts _parts;
    private readonly MovedHeadsReader _reader;
    private readonly IWitness? _witness;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<string> _unwitnessed = [];
    private readonly List<TaskCompletionSource> _wanted = [];
    private CheckpointSnapshot _state = new(0, EventHash.Start.Hex, 0, 0, EventHash.Start.Hex);
    private WitnessedCheckpoint? _last;
    private DateTimeOffset? _pendingSince;
    private bool _busy;
    private bool _again;
    private bool _telling;
    private string? _witnessTrouble;

    /// <summary>Makes it.</summary>
    public CheckpointActor(CheckpointParts parts)
    {
        _parts = parts;
        _reader = new MovedHeadsReader(parts.Journal, parts.Node);
        _witness = Witnesses.Open(parts.Settings.Witness);
        PersistenceId = Checkpoint.StreamOf(parts.Node);
    }

    /// <inheritdoc/>
    public override string PersistenceId { get; }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: CheckpointSnapshot snapshot }:
                _state = snapshot;
                break;
            case StoredEvent stored:
                stored.VerifyFollows(PersistenceId, LastSequenceNr, EventHash.Parse(_state.Head));
                Apply(stored);
                break;
            case RecoveryCompleted:
                Timers.StartPeriodicTimer(LookDue.Instance, LookDue.Instance, _parts.LookEvery);
                // It may not have heard of the last one; hearing of one twice does no harm.
                Tell(_last);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case LookDue:
                Look(now: false);
                TellNext();
                break;
            case Make make:
                _wanted.Add(make.Done);
                _again = _busy;
                Look(now: true);
                break;
            case Moved moved:
                _pendingSince = moved.Waiting == 0 ? null : _pendingSince ?? _parts.Time.GetUtcNow();
                OnMoved(moved.Heads);
                break;
            case Unread unread:
                _log.Error("the journal cannot be read for a checkpoint: {Reason}", unread.Reason);
                Rest();
                break;
            case Told told:
                OnTold(told.Trouble);
                break;
            case SaveSnapshotSuccess or SaveSnapshotFailure:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) =>
        _log.Error("a checkpoint cannot be stored: {Reason}", cause.Message);

    /// <inheritdoc/>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        _log.Error(cause, "the journal refused a checkpoint, which is a defect");
        Context.Stop(Self);
    }

    /// <inheritdoc/>
    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        _log.Error("the checkpoints cannot be read back: {Reason}", reason.Message);

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _stop.Cancel();
        _wanted.ForEach(wanted => wanted.TrySetResult());
        _ = Task.Run(_reader.Dispose);
        _witness?.Dispose();
        _stop.Dispose();
        base.PostStop();
    }

    // The reader is one call's at a time: nothing looks while it reads.
    private void Look(bool now)
    {
        if (_busy)
        {
            return;
        }

        _busy = true;
        var (reader, through, every, due) = (_reader, _state.Through, _parts.Settings.EveryEvents, now || IsTime());
        Task.Run(() =>
        {
            var waiting = reader.Count(through, every);
            return waiting == 0 ? new Moved(null, 0) : waiting >= every || due ? new Moved(reader.Read(through, HeadsMax), waiting) : new Moved(null, waiting);
        }).PipeTo(Self, failure: e => new Unread(e.Message));
    }

    private bool IsTime() => _pendingSince is { } since && _parts.Time.GetUtcNow() - since >= _parts.Settings.EveryTime;

    private void OnMoved(MovedHeads? moved)
    {
        if (moved is null || moved.Events == 0)
        {
            Rest();
            return;
        }

        var at = _parts.Time.GetUtcNow();
        var made = new Checkpoint(
            _parts.Node,
            _state.Number + 1,
            at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            _state.Previous,
            moved.Through,
            _state.Events + moved.Events,
            moved.Heads,
            _parts.Key.Fingerprint,
            Signature: "");
        made = made with { Signature = _parts.Key.Sign(made.Text) };
        var stored = StoredEvent.Seal(
            Checkpoint.Vocabulary, PersistenceId, LastSequenceNr + 1, at, EventHash.Parse(_state.Head), Cause.Observed("checkpoint:due"), made);
        Persist(stored, done =>
        {
            Apply(done);
            _pendingSince = null;
            if (LastSequenceNr % SnapshotEvery == 0)
            {
                SaveSnapshot(_state);
            }

            Tell(_last);
            _busy = false;
            if (moved.More)
            {
                Look(now: true);
            }
            else
            {
                Rest();
            }
        });
    }

    private void Rest()
    {
        _busy = false;
        if (_again)
        {
            // What was asked for while it read may be behind what it read.
            _again = false;
            Look(now: true);
            return;
        }

        foreach (var wanted in _wanted)
        {
            wanted.TrySetResult();
        }

        _wanted.Clear();
    }

    private void Apply(StoredEvent stored)
    {
        // Without its heads, which may be thousands.
        _last = WitnessedCheckpoint.Of((Checkpoint)stored.Event);
        _state = new CheckpointSnapshot(_last.Number, _last.Digest, _last.Through, _last.Events, stored.Hash.Hex);
    }

    private void Tell(WitnessedCheckpoint? made)
    {
        if (_witness is null || made is null)
        {
            return;
        }

        if (_unwitnessed.Count == UnwitnessedMax)
        {
            // Those behind it name it, so that it is vouched for all the same.
            _unwitnessed.Dequeue();
        }

        _unwitnessed.Enqueue(made.Line);
        TellNext();
    }

    private void TellNext()
    {
        if (_telling || _witness is not { } witness || !_unwitnessed.TryPeek(out var line))
        {
            return;
        }

        _telling = true;
        var stop = _stop.Token;
        Task.Run(() => witness.TellAsync(line, stop), stop).PipeTo(Self, success: () => new Told(null), failure: e => new Told(e.GetBaseException().Message));
    }

    private void OnTold(string? trouble)
    {
        _telling = false;
        if (trouble is not null)
        {
            if (_witnessTrouble is null)
            {
                _log.Warning("the witness {Witness} does not take a checkpoint, and is told again: {Reason}", _parts.Settings.Witness, trouble);
            }

            _witnessTrouble = trouble;
            return;
        }

        if (_witnessTrouble is not null)
        {
            _log.Info("the witness {Witness} takes checkpoints again", _parts.Settings.Witness);
            _witnessTrouble = null;
        }

        _unwitnessed.TryDequeue(out _);
        TellNext();
    }

    /// <summary>Whoever stops the node → checkpoints: sign what is there now.</summary>
    /// <param name="Done">Completed when that is done, or cannot be.</param>
    internal sealed record Make(TaskCompletionSource Done) : INoSerializationVerificationNeeded;

    private sealed record Moved(MovedHeads? Heads, long Waiting) : INoSerializationVerificationNeeded;

    private sealed record Unread(string Reason) : INoSerializationVerificationNeeded;

    private sealed record Told(string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record LookDue : INoSerializationVerificationNeeded
    {
        public static LookDue Instance { get; } = new();
    }
}
