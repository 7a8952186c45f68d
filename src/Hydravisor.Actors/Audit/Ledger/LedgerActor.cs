using Akka.Actor;
using Akka.Event;
using Akka.Pattern;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Ledger;

/// <summary>Keeps a node's ledger: gathers what comes while a batch is being stored, and says why nothing may be changed while it cannot be.</summary>
/// <remarks>
/// <code><![CDATA[
/// starting ── writer ready ──> writing <── written, resumed ── resuming
///                                 └── failed ──> down ── writer ready ──┘
/// ]]></code>
/// While it is down what asks for a record is refused at once; what cannot be refused is kept. The gate opens when a record of the gap is durable.
/// </remarks>
internal sealed class LedgerActor : UntypedActor, IWithTimers
{
    private const int BatchMax = 256;
    private readonly LedgerParts _parts;
    private readonly LedgerGate _gate;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Queue<Record> _queue = [];
    private readonly List<Record> _writing = [];
    private IActorRef? _writer;
    private InForce? _inForce;
    private InForce? _inForceWriting;
    private Gap? _gap;
    private string? _disk;
    private bool _busy;

    /// <summary>Makes the ledger of a node.</summary>
    /// <param name="parts">What it works with.</param>
    /// <param name="gate">Told why nothing may be changed.</param>
    public LedgerActor(LedgerParts parts, LedgerGate gate) => (_parts, _gate) = (parts, gate);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var (self, parts) = (Self, _parts);
        var writer = Props.Create(() => new LedgerWriter(parts.Node, self, parts.Time));
        var options = Backoff.OnStop(writer, "it", parts.RestartMin, parts.RestartMax, 0.2, -1).WithAutoReset(parts.RestartMax);
        Context.ActorOf(BackoffSupervisor.Props(options), "writer");
        Timers.StartPeriodicTimer(LookDue.Instance, LookDue.Instance, TimeSpan.Zero, _parts.LookEvery);
    }

    /// <inheritdoc/>
    protected override void PostStop() => Refuse("the node is stopping");

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Record record when _gap is not null && _writer is null && !record.Keep:
                _gap.Refused++;
                record.Settle(_gap.Reason);
                break;
            case Record record:
                _queue.Enqueue(record);
                Pump();
                break;
            case InForce now:
                _inForce = now;
                Pump();
                break;
            case LedgerWriter.Ready:
                _writer = Sender;
                Pump();
                break;
            case LedgerWriter.Written:
                OnWritten();
                break;
            case LedgerWriter.Failed failed:
                OnFailed(failed.Reason);
                break;
            case LookDue:
                Look();
                break;
            case Looked looked:
                OnLooked(looked.Refusal);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Pump()
    {
        if (_busy || _writer is not { } writer || (_queue.Count == 0 && _inForce is null && _gap is null))
        {
            return;
        }

        var batch = new List<(Cause, ILedgerEvent)>();
        if (_gap is { } gap)
        {
            batch.Add((Cause.Observed("ledger:resumed"), new LedgerEvents.Resumed(gap.Since, gap.Refused, gap.Reason)));
        }

        while (batch.Count < BatchMax && _queue.TryDequeue(out var record))
        {
            _writing.Add(record);
            batch.Add((record.Cause, record.What));
        }

        _busy = true;
        _inForceWriting = _inForce;
        writer.Tell(new LedgerWriter.Write(_inForce, batch));
    }

    private void OnWritten()
    {
        _busy = false;
        if (ReferenceEquals(_inForce, _inForceWriting))
        {
            _inForce = null;
        }

        foreach (var record in _writing)
        {
            record.Settle(null);
        }

        _writing.Clear();
        if (_gap is { } gap)
        {
            _log.Info("the ledger is written again; {Refused} records were refused meanwhile", gap.Refused);
            _gap = null;
            SetGate();
        }

        Pump();
    }

    private void OnFailed(string reason)
    {
        if (_gap is null)
        {
            _log.Error("the ledger cannot be written, so nothing may be changed: {Reason}", reason);
        }

        _gap ??= new Gap(_parts.Time.GetUtcNow());
        _gap.Reason = reason;
        (_busy, _writer) = (false, null);

        // First: whoever hears a refusal finds the gate closed.
        SetGate();
        Refuse(reason);
        Look();
    }

    // What cannot be refused comes first when it can be written again.
    private void Refuse(string reason)
    {
        var kept = _writing.Concat(_queue).Where(record => record.Keep).ToList();
        foreach (var record in _writing.Concat(_queue).Where(record => !record.Keep))
        {
            if (_gap is { } gap)
            {
                gap.Refused++;
            }

            record.Settle(reason);
        }

        _writing.Clear();
        _queue.Clear();
        kept.ForEach(_queue.Enqueue);
    }

    private void Look() => Task.Run(_parts.Reserve.Look).PipeTo(
        Self, success: refusal => new Looked(refusal), failure: e => new Looked(e.Message));

    private void OnLooked(string? refusal)
    {
        if (refusal is null != _disk is null)
        {
            if (refusal is null)
            {
                _log.Info("there is room on the disk again");
            }
            else
            {
                _log.Error("nothing may be changed: {Reason}", refusal);
            }
        }

        _disk = refusal;
        SetGate();
    }

    private void SetGate() => _gate.Refusal = _gap is { } gap ? $"the ledger cannot be written ({gap.Reason})" : _disk;

    /// <summary>Whoever does something → ledger: write this down.</summary>
    /// <param name="Cause">Who did it.</param>
    /// <param name="What">What.</param>
    /// <param name="Keep">Whether it waits until it can be written.</param>
    internal sealed record Record(Cause Cause, ILedgerEvent What, bool Keep) : INoSerializationVerificationNeeded
    {
        private readonly TaskCompletionSource<string?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>When it is durable, or why it is not.</summary>
        public Task<string?> Done => _done.Task;

        /// <summary>It is durable, or is not.</summary>
        public void Settle(string? why) => _done.TrySetResult(why);
    }

    private sealed class Gap(DateTimeOffset since)
    {
        public DateTimeOffset Since => since;

        public string Reason { get; set; } = "";

        public long Refused { get; set; }
    }

    private sealed record Looked(string? Refusal) : INoSerializationVerificationNeeded;

    private sealed record LookDue : INoSerializationVerificationNeeded
    {
        public static LookDue Instance { get; } = new();
    }
}
