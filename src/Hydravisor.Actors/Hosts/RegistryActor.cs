using System.Collections.Immutable;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
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
    private Register? _asking;

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
                _state = new RegistryState(snapshot.Entries.ToImmutableDictionary(entry => entry.Id));
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
            case Retire retire when _state.Entries.TryGetValue(retire.Id, out var entry) && entry.Retired is null:
                Store(Cause.Observed("vm:deleted"), new RegistryEvents.Retired(retire.Id, retire.Incarnation), () => _host.Tell(new Retired(retire.Id)));
                break;
            case Retire retire:
                _host.Tell(new Retired(retire.Id));
                break;
            case Void voided when _state.Entries.ContainsKey(voided.Id):
                Store(Cause.Observed("vm:never-created"), new RegistryEvents.Voided(voided.Id), () => _host.Tell(new Voided(voided.Id)));
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
        RefuseAsking(cause);
    }

    /// <inheritdoc/>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        _log.Error(cause, "the journal refused an event of the registry, which is a defect");
        RefuseAsking(cause);
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
                _asking = register;
                Store(register.Cause, new RegistryEvents.Registered(added.Entry), () =>
                {
                    _asking = null;
                    _host.Tell(new Decided(register.Ticket, added));
                });
                break;
            case var other:
                _host.Tell(new Decided(register.Ticket, other));
                break;
        }
    }

    private void Store(Cause cause, object @event, Action then)
    {
        var stored = StoredEvent.Seal(
            RegistryEvents.Vocabulary, PersistenceId, LastSequenceNr + 1, _time.GetUtcNow(), _head, cause, @event);
        Persist(stored, done =>
        {
            Apply(done);
            then();
            if (LastSequenceNr % 1000 == 0)
            {
                _state = _state.ForgetRetiredBefore(_time.GetUtcNow() - _settings.RetiredKept);
                SaveSnapshot(new RegistrySnapshot([.. _state.Entries.Values], _head.Hex));
            }
        });
    }

    private void Apply(StoredEvent stored)
    {
        _state = _state.Apply(stored.Event, stored.At);
        _head = stored.Hash;
    }

    private void RefuseAsking(Exception cause)
    {
        if (_asking is { } asking)
        {
            _asking = null;
            _host.Tell(new Decided(asking.Ticket, new Registration.Refused(ErrorCode.Unavailable, WriteFailure.Sentence(cause, "created"))));
        }
    }

    private static InstanceId RandomId() => InstanceId.FromBytes(RandomNumberGenerator.GetBytes(6));

    /// <summary>Host → registry: register this.</summary>
    internal sealed record Register(long Ticket, RegistryWish Wanted, Capacity Capacity, Cause Cause) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: what was decided under that ticket.</summary>
    internal sealed record Decided(long Ticket, Registration Registration) : INoSerializationVerificationNeeded;

    /// <summary>Host → registry: this VM is deleted.</summary>
    internal sealed record Retire(InstanceId Id, long Incarnation) : INoSerializationVerificationNeeded;

    /// <summary>Host → registry: this VM never came to be.</summary>
    internal sealed record Void(InstanceId Id) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: the VM is retired, and its actor may end.</summary>
    internal sealed record Retired(InstanceId Id) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: the VM never came to be.</summary>
    internal sealed record Voided(InstanceId Id) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: the registry is there.</summary>
    internal sealed record Recovered(RegistryState State) : INoSerializationVerificationNeeded;

    /// <summary>Registry → host: its journal cannot be replayed.</summary>
    internal sealed record NotRecovered(string Reason) : INoSerializationVerificationNeeded;
}
