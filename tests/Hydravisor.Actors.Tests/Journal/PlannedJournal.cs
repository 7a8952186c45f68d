using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>What goes wrong with the next writes and replays of a system's journal. Safe for all threads.</summary>
internal sealed class JournalPlan
{
    private static readonly ConditionalWeakTable<ActorSystem, JournalPlan> Plans = [];

    private Func<string, bool> _fails = _ => false;
    private Func<string, bool> _rejects = _ => false;
    private Func<string, bool> _loses = _ => false;
    private Action<StoredEvent> _heard = _ => { };

    public static JournalPlan Of(ActorSystem system) => Plans.GetValue(system, static _ => new JournalPlan());

    /// <summary>Who hears of each event that was stored. Called one after another.</summary>
    public void Hear(Action<StoredEvent> heard) => Volatile.Write(ref _heard, heard);

    public void Stored(object? payload)
    {
        if (payload is StoredEvent stored)
        {
            Volatile.Read(ref _heard)(stored);
        }
    }

    /// <summary>Writes to these streams fail, as with a full disk, until told otherwise.</summary>
    public void FailWrites(Func<string, bool> of) => Volatile.Write(ref _fails, of);

    /// <summary>Events of these streams are refused, as those that cannot be serialised are.</summary>
    public void RejectEvents(Func<string, bool> of) => Volatile.Write(ref _rejects, of);

    /// <summary>These streams cannot be replayed.</summary>
    public void FailReplays(Func<string, bool> of) => Volatile.Write(ref _loses, of);

    public bool FailsWrite(string stream) => Volatile.Read(ref _fails)(stream);

    public bool Rejects(string stream) => Volatile.Read(ref _rejects)(stream);

    public bool FailsReplay(string stream) => Volatile.Read(ref _loses)(stream);
}

/// <summary>Akka's journal in memory, which goes wrong as planned.</summary>
internal sealed class PlannedJournal : MemoryJournal
{
    /// <summary>Puts it in the place of the journal.</summary>
    public const string Config = """
        akka.persistence.journal.planned {
          class = "Hydravisor.Actors.Tests.Journal.PlannedJournal, Hydravisor.Actors.Tests"
          plugin-dispatcher = "akka.actor.default-dispatcher"
        }
        akka.persistence.journal.plugin = "akka.persistence.journal.planned"
        """;

    private readonly JournalPlan _plan = JournalPlan.Of(Context.System);

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback) =>
        _plan.FailsReplay(persistenceId)
            ? Task.FromException(new IOException("made to fail"))
            : base.ReplayMessagesAsync(context, persistenceId, fromSequenceNr, toSequenceNr, max, recoveryCallback);

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        _plan.FailsReplay(persistenceId)
            ? Task.FromException<long>(new IOException("made to fail"))
            : base.ReadHighestSequenceNrAsync(persistenceId, fromSequenceNr, cancellationToken);

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var batch = messages.ToList();
        return batch.Exists(write => _plan.FailsWrite(write.PersistenceId))
            ? Task.FromException<IImmutableList<Exception>>(new IOException("database or disk is full"))
            : batch.Exists(write => _plan.Rejects(write.PersistenceId))
                ? Task.FromResult<IImmutableList<Exception>>([.. batch.Select(_ => new NotSupportedException("made to be refused"))])
                : Store(batch, cancellationToken);
    }

    private Task<IImmutableList<Exception>> Store(List<AtomicWrite> batch, CancellationToken cancellation)
    {
        foreach (var each in batch.SelectMany(write => (IImmutableList<IPersistentRepresentation>)write.Payload))
        {
            _plan.Stored(each.Payload);
        }

        return base.WriteMessagesAsync(batch, cancellation);
    }
}
