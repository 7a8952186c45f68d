using System.Collections.Immutable;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>Keeps a node's registry: one after another, so that two requests never take the same name or the last room.</summary>
/// <remarks>A child of the host actor by way of a backoff supervisor; speaks only with the host.</remarks>
internal sealed class RegistryActor : UntypedPersistentActor
{
    private readonly IActorRef _host;
    private readonly HostSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private RegistryState _state = RegistryState.Empty;
    private EventHash _head = EventHash.Start;
    private Action<Exception>? _refuse;

    /// <summary>Makes the registry of a node.</summary>
    public RegistryActor(string node, IActorRef host, HostSettings settings, TimeProvider time)
    {
        _host = host;
        _settings = settings;
        _time = time;
        PersistenceId = $"node|{node}";
    }

    /// <inheritdoc/>
    public override string PersistenceId { get; }

    /// <inheritdoc/>
    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: RegistrySnapshot snapshot }:
                _state = new RegistryState(snapshot.Entries.ToImmutableDictionary(entry => entry.Id), snapshot.Cordon);
                _head = EventHash.Parse(snapshot.Head);
                break;
            case StoredEvent stored:
                stored.VerifyFollows(PersistenceId, LastSequenceNr, _head);
                Apply(stored);
                break;
            case RecoveryCompleted:
                _host.Tell(new Recovered(_state));
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case Register register:
                Decide(register);
                break;
            case SetCordon set:
                Decide(set);
                break;
            case Retire retire when _state.Entries.TryGetValue(retire.Id, out var entry) && entry.Retired is null:
                Store(Cause.Observed("vm:deleted"), new RegistryEvents.Retired(retire.Id, retire.Incarnation), () => _host.Tell(new Retired(retire.Id)));
                break;
            case Retire retire:
                _host.Tell(new Retired(retire.Id));
                break;
            case Void voided when _state.Entries.ContainsKey(voided.Id):
                Store(Cause.Observed("vm:never-created"), new RegistryEvents.Voided(voided.Id), () => _host.Tell(new Voided(voided.Id)));
                break;
            case Leave leave when _state.Entries.ContainsKey(leave.Id):
                Store(Cause.Observed("store:adopted"), new RegistryEvents.Departed(leave.Id, leave.To), () => _host.Tell(new Left(leave.Id)));
                break;
            case Leave leave:
                _host.Tell(new Left(leave.Id));
                break;
            case Void or SaveSnapshotSuccess or SaveSnapshotFailure:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        _log.Error("the registry's journal cannot be written: {Reason}", cause.Message);
        Refuse(cause);
    }

    /// <inheritdoc/>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        _log.Error(cause, "the journal refused an event of the registry, which is a defect");
        Refuse(cause);
        Context.Stop(Self);
    }

    /// <inheritdoc/>
    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _log.Error("the registry's journal cannot be replayed: {Reason}", reason.Message);
        _host.Tell(new NotRecovered(reason.Message));
    }

    private void Decide(Register register)
    {
        switch (RegistryDecider.Decide(_state, register.Wanted, register.Capacity, _settings, RandomId))
        {
            case Registration.New added:
                Store(
                    register.Cause,
                    new RegistryEvents.Registered(added.Entry),
                    () => _host.Tell(new Decided(register.Ticket, added)),
                    cause => _host.Tell(new Decided(register.Ticket, new Registration.Refused(ErrorCode.Unavailable, WriteFailure.Sentence(cause, "created")))));
                break;
            case var other:
                _host.Tell(new Decided(register.Ticket, other));
                break;
        }
    }

    private void Decide(SetCordon set)
    {
        var wish = set.Request.Value;
        if (wish.IsOf(_state.Cordon))
        {
            _host.Tell(new CordonSet(set, _state.Cordon, Trouble: null));
            return;
        }

        Store(
            set.Request.Cause,
            wish.Drains ? new RegistryEvents.Drained(wish.Why) : wish.IsCordoned ? new RegistryEvents.Cordoned(wish.Why) : new RegistryEvents.Resumed(),
            () => _host.Tell(new CordonSet(set, _state.Cordon, Trouble: null)),
            cause => _host.Tell(new CordonSet(set, _state.Cordon, WriteFailure.Sentence(cause, "changed"))));
    }

    private void Store(Cause cause, object @event, Action then, Action<Exception>? refuse = null)
    {
        _refuse = refuse;
        var stored = StoredEvent.Seal(
            RegistryEvents.Vocabulary, PersistenceId, LastSequenceNr + 1, _time.GetUtcNow(), _head, cause, @event);
        Persist(stored, done =>
        {
            _refuse = null;
            Apply(done);
            then();
            if (LastSequenceNr % 1000 == 0)
            {
                _state = _state.ForgetRetiredBefore(_time.GetUtcNow() - _settings.RetiredKept);
                SaveSnapshot(new RegistrySnapshot([.. _state.Entries.Values], _head.Hex, _state.Cordon));
            }
        });
    }

    private void Apply(StoredEvent stored)
    {
        _state = _state.Apply(stored.Event, stored.At);
        _head = stored.Hash;
    }

    private void Refuse(Exception cause)
    {
        _refuse?.Invoke(cause);
        _refuse = null;
    }

    private static InstanceId RandomId() => InstanceId.FromBytes(RandomNumberGenerator.GetBytes(6));

    /// <summary>Host → registry: register this.</summary>
    internal sealed record Register(long Ticket, RegistryWish Wanted, Capacity Capacity, Cause Cause) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: what was decided under that ticket.</summary>
    internal sealed record Decided(long Ticket, Registration Registration) : INoSerializationVerificationNeeded;

    /// <summary>Host → registry: take new VMs, or none.</summary>
    /// <param name="Correlation">The number under which it is awaited.</param>
    /// <param name="Request">What is wished for.</param>
    /// <param name="Asker">Who awaits it.</param>
    internal sealed record SetCordon(long Correlation, Authorised<CordonWish> Request, IActorRef Asker) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: so it is now.</summary>
    /// <param name="Asked">What was asked.</param>
    /// <param name="Now">Null: the node takes new VMs.</param>
    /// <param name="Trouble">Why it could not be changed; null: it is as it was wished.</param>
    internal sealed record CordonSet(SetCordon Asked, Cordon? Now, string? Trouble) : INoSerializationVerificationNeeded;

    /// <summary>Host → registry: this VM is deleted.</summary>
    internal sealed record Retire(InstanceId Id, long Incarnation) : INoSerializationVerificationNeeded;

    /// <summary>Host → registry: this VM never came to be.</summary>
    internal sealed record Void(InstanceId Id) : INoSerializationVerificationNeeded;

    /// <summary>Host → registry: this VM is another node's, and nothing of it is left here.</summary>
    internal sealed record Leave(InstanceId Id, string To) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: that is written down.</summary>
    internal sealed record Left(InstanceId Id) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: the VM is retired, and its actor may end.</summary>
    internal sealed record Retired(InstanceId Id) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: the VM never came to be.</summary>
    internal sealed record Voided(InstanceId Id) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: the registry is there.</summary>
    internal sealed record Recovered(RegistryState State) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: its journal cannot be replayed.</summary>
    internal sealed record NotRecovered(string Reason) : INoSerializationVerificationNeeded;
}
