using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>One VM: the only writer of its journal, the only owner of its domain and its terminal session.</summary>
/// <remarks>
/// <code><![CDATA[
///                    ┌────────────────── reboot, reset ─────────────────┐
///                    v                                                  │
/// provisioning ─> booting ───────────────────────────────────> running ─┴─> suspended
///                    ^  └──────────────── stop ────────────────────┼───────────┘
///                    │                                             v
///                 stopped <───────────────────────────────── stopping
///
/// any ─> failed (with a reason); any ─> deleting ─> deleted
/// ]]></code>
/// Each command: decide, store, answer, broadcast, act. Each effect comes back as one observation, which is decided on the same
/// way. After recovery nothing is done before the host says that the hypervisor is there; then the domain is looked at first,
/// and what is outstanding follows from the state. The host actor (<c>Hosts/</c>) is its parent by way of a backoff supervisor.
/// </remarks>
internal sealed partial class VmActor : UntypedPersistentActor, IWithTimers
{
    private readonly InstanceId _id;
    private readonly IActorRef _host;
    private readonly VmEffectRunner _runner;
    private readonly VmSettings _settings;
    private readonly AccessControl _access;
    private readonly TimeProvider _time;
    private VmState _state = VmState.None;
    private VmView? _view;
    private EventHash _head = EventHash.Start;
    private VmAsking? _asking;
    private VmActorWorld _world = null!;
    private VmDriver _driver = null!;
    private VmChronicle _chronicle = null!;
    private VmBrake _brake = null!;

    /// <summary>Makes the actor of one VM.</summary>
    /// <param name="node">The node's name: part of the persistence id, since each node writes its own streams only.</param>
    /// <param name="id">The instance.</param>
    /// <param name="host">The host actor.</param>
    /// <param name="runner">Carries out the effects.</param>
    /// <param name="settings">How long to wait for what.</param>
    /// <param name="access">Knows which agents are frozen.</param>
    /// <param name="time">The clock.</param>
    public VmActor(string node, InstanceId id, IActorRef host, VmEffectRunner runner, VmSettings settings, AccessControl access, TimeProvider time)
    {
        (_id, _host, _runner, _settings, _access, _time) = (id, host, runner, settings, access, time);
        PersistenceId = StreamOf(node, id);
    }

    /// <inheritdoc/>
    public override string PersistenceId { get; }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The persistence id of a VM.</summary>
    public static string StreamOf(string node, InstanceId id) => $"vm|{node}|{id.Value}";

    /// <inheritdoc/>
    protected override void PreStart()
    {
        // Not in the constructor: the timers are handed in after it.
        _world = new VmActorWorld(_id, Self, Timers, _runner, () => _state.Spec?.RecordSession == true);
        _driver = new VmDriver(_settings, _world);
        _brake = new VmBrake(_access, _settings, Timers);
        _chronicle = new VmChronicle(_id, _runner.Logs, Self, _settings.SnapshotEvery);
        base.PreStart();
    }

    /// <inheritdoc/>
    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: VmSnapshot snapshot }:
                _state = snapshot.State with { Node = string.Intern(snapshot.State.Node), Spec = snapshot.State.Spec?.Shared() };
                _head = EventHash.Parse(snapshot.Head);
                break;
            case StoredEvent stored:
                stored.VerifyFollows(PersistenceId, LastSequenceNr, _head);
                _state = VmFold.Apply(_state, (IVmEvent)stored.Event, stored.At);
                _head = stored.Hash;
                _chronicle.Recover(stored);
                break;
            case RecoveryCompleted:
                _view = _state.Id is null ? null : _state.View();
                _chronicle.EndIfDeleted(_state);
                _host.Tell(new VmHostProtocol.Recovered(_id, _view));
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case IVmMessage hidden when _view is { } view && !hidden.Reach.Covers(view.Facts):
                Sender.Tell(NotThere(hidden.Correlation));
                break;
            case VmQuery query:
                Sender.Tell(Answer(query));
                break;
            case VmAsk ask:
                Decide(ask);
                break;
            case VmMoveAsk ask:
                Decide(ask);
                break;
            case VmHostProtocol.Adopt adopt:
                _asking = new VmAsking(adopt.Correlation, adopt.Asker, MakesIt: true);
                Store(adopt.Cause, VmDecider.DecideAdoption(_state, StreamName.NodeOf(PersistenceId), adopt.Left));
                break;
            case VmObservation observation:
                Observe(observation);
                break;
            case VmEcho echo:
                _driver.Hear(_state, echo);
                break;
            case VmTerminalOpened opened:
                opened.Answer(_view!, Log);
                break;
            case VmChronicle.Told told:
                if (_chronicle.MaySnapshot(told, LastSequenceNr))
                {
                    SaveSnapshot(new VmSnapshot(_state, _head.Hex));
                }

                break;
            case SaveSnapshotFailure failure:
                Log.Warning(failure.Cause, "{InstanceId}: its snapshot could not be stored; its events are all there", _id.Value);
                break;
            case SaveSnapshotSuccess:
                break;
            default:
                OnHost(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        Log.Error("{InstanceId}: the journal cannot be written: {Reason}", _id.Value, cause.Message);
        DenyAsking(cause);
    }

    /// <inheritdoc/>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        Log.Error(cause, "{InstanceId}: the journal refused an event, which is a defect", _id.Value);
        DenyAsking(cause);
        Context.Stop(Self);
    }

    /// <inheritdoc/>
    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        Log.Error("{InstanceId}: its journal cannot be replayed: {Reason}", _id.Value, reason.Message);
        _host.Tell(new VmHostProtocol.NotRecovered(_id, reason.Message));
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _world.Dispose();
        base.PostStop();
    }

    private VmReply Answer(VmQuery query)
    {
        if (_view is null || (!_state.Exists && !query.AlsoGone))
        {
            return NotThere(query.Correlation);
        }

        return query.Incarnation is { } meant && meant != _state.Incarnation
            ? Denied(query.Correlation, ErrorCode.Conflict, $"{_id} is in incarnation {_state.Incarnation}, not {meant}: it was started anew since")
            : new VmReply.Granted(_view, Already: true) { Correlation = query.Correlation };
    }

    private VmReply.Denied NotThere(long correlation) => VmReply.NotThere(_id, correlation);

    private VmReply.Denied Denied(long correlation, ErrorCode code, string message) => new(_id, code, message) { Correlation = correlation };

    private void Decide(VmAsk ask)
    {
        var command = ask.Command;
        var decision = VmDecider.Decide(
            _state, _id, command.Value, command.Principal.Agent, command.RequestId, ask.Incarnation, _runner.Trouble, _brake.FrozenSince(_state));
        switch (decision)
        {
            case VmDecision.Denied denied:
                Sender.Tell(Denied(ask.Correlation, denied.Code, denied.Message));
                TellIfCreateEnded(VmAsking.Of(ask, Sender));
                break;
            case VmDecision.Already:
                Sender.Tell(new VmReply.Granted(_view!, Already: true) { Correlation = ask.Correlation });
                TellIfCreateEnded(VmAsking.Of(ask, Sender));
                break;
            case VmDecision.Accepted when command.Value is VmCommand.Attach or VmCommand.Type && _state.Spec!.RecordSession && _runner.RecordingRefusal is { } why:
                Sender.Tell(Denied(ask.Correlation, ErrorCode.NoRoom, $"{_id} is recorded, and nothing new can be recorded now: {why}"));
                break;
            case VmDecision.Accepted when command.Value is VmCommand.Type type:
                if (_state.Spec!.RecordSession)
                {
                    _world.RecordInput(_view!, command.Principal.Agent, type.Bytes, ask.Correlation, Sender);
                }
                else
                {
                    Sender.Tell(new VmReply.Granted(_view!, Already: true) { Correlation = ask.Correlation });
                }

                break;
            case VmDecision.Accepted when command.Value is VmCommand.Attach attach:
                _world.OpenTerminal(new VmTerminalOpened.Waiter(Sender, ask.Correlation, attach.Role));
                break;
            case VmDecision.Accepted when command.Value is VmCommand.Exec exec:
                // Nothing of it changes the VM's own state: the answer goes straight to who asked.
                _runner.ExecuteAsync(_view!, exec, command.Cause, ask.Correlation).PipeTo(Sender, Self);
                break;
            case VmDecision.Accepted accepted:
                _asking = VmAsking.Of(ask, Sender);
                Store(command.Cause, accepted.Events);
                break;
        }
    }

    private void Observe(VmObservation observation)
    {
        _driver.Heard(observation);
        var events = VmObserver.Observe(_state, observation);
        if (events.Count > 0)
        {
            Store(Cause.Observed(observation.Word), events);
            return;
        }

        if (observation is VmObservation.Ended { Outcome: { IsDone: false } outcome } ended)
        {
            Log.Warning("{InstanceId}: {Kind} did not succeed: {Reason}", _id.Value, ended.Kind, outcome.Reason);
        }

        _driver.Unmoved(_state, observation);
        Brake((observation as VmObservation.Seen)?.Sighting);
    }

    // Its agent may be frozen: then it stands still, or is about to. Looked at after every step, so that nothing of it has to be remembered.
    private void Brake(Sighting? seen = null)
    {
        if (_brake.Due(_state, seen, _runner.Trouble) is var (cause, events))
        {
            Store(cause, events);
        }
        else if (seen is null && _brake.NeedsLook(_state))
        {
            _driver.Look(_state);
        }
    }

    private void Store(Cause cause, IReadOnlyList<IVmEvent> events)
    {
        var at = _time.GetUtcNow();
        var sequence = LastSequenceNr;
        var head = _head;
        var batch = new List<StoredEvent>(events.Count);
        foreach (var e in events)
        {
            var stored = StoredEvent.Seal(VmEvents.Vocabulary, PersistenceId, ++sequence, at, head, cause, e);
            head = stored.Hash;
            batch.Add(stored);
        }

        var before = _state;
        var changes = new List<VmChange>(events.Count);
        var left = events.Count;
        PersistAll(batch, stored =>
        {
            Apply(stored, changes);
            if (--left == 0)
            {
                Stored(before, changes, cause, batch);
            }
        });
    }

    private void Apply(StoredEvent stored, List<VmChange> changes)
    {
        var previous = _state;
        _state = VmFold.Apply(_state, (IVmEvent)stored.Event, stored.At);
        _head = stored.Hash;
        _view = _state.View();
        if (previous.Phase != _state.Phase || previous.Incarnation != _state.Incarnation || previous.Reason != _state.Reason || previous.Id is null)
        {
            changes.Add(new VmChange(stored.Event is VmEvents.Adopted ? VmPhase.Unreachable : previous.Id is null ? null : previous.Phase, _view));
        }
    }

    private void Stored(VmState before, List<VmChange> changes, Cause cause, IReadOnlyList<StoredEvent> batch)
    {
        var reply = _asking is { } asking ? new VmReply.Granted(_view!, Already: false) { Correlation = asking.Correlation } : null;
        _host.Tell(new VmHostProtocol.Advanced(_view!, changes, cause, reply, _asking?.From));
        TellIfCreateEnded(_asking);
        _asking = null;
        _chronicle.Tell(batch);
        _chronicle.EndIfDeleted(_state);
        if (before.Run != 0 && _state.Run == 0)
        {
            _runner.CloseTerminal(_id);
        }

        if (_state.Run != 0 && before.Run != _state.Run)
        {
            _runner.Attend(_id, _state.Node, _state.Spec!);
        }

        _driver.Advance(before, _state);
        if (_brake.MayFollow(_state, (IVmEvent)batch[^1].Event))
        {
            Brake();
        }
    }

    private void DenyAsking(Exception cause)
    {
        if (_asking is { } asking)
        {
            asking.From.Tell(Denied(asking.Correlation, ErrorCode.Unavailable, WriteFailure.Sentence(cause, "done")));
            TellIfCreateEnded(asking);
            _asking = null;
        }
    }

    private void TellIfCreateEnded(VmAsking? asking)
    {
        if (asking is { MakesIt: true })
        {
            _host.Tell(new VmHostProtocol.CreateEnded(_id));
        }
    }
}
