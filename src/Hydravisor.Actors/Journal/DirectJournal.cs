using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Sql.Journal;

namespace Hydravisor.Actors.Journal;

/// <summary>Akka.Persistence.Sql's journal, with a recovery that reads its rows directly.</summary>
/// <remarks>
/// The plugin asks for each stream by two composed queries in a transaction each, and lets two materialised streams carry the answer: four
/// milliseconds of processor time for a VM with seven events, forty seconds for a node with 10,000. Writing, deleting and all else is the
/// plugin's (docs/decisions/0007-recovery-reads-directly.md).
/// </remarks>
/// <param name="config">The plugin's configuration.</param>
internal sealed class DirectJournal(Config config) : SqlWriteJournal(config)
{
    // A deleted event still counts: its number is never given again.
    private const string Highest = "select max(sequence_number) from journal where persistence_id = @stream";

    private const string Events = """
        select sequence_number, message, identifier, manifest, writer_uuid, created from journal
        where persistence_id = @stream and sequence_number between @from and @to and not deleted
        order by sequence_number limit @max
        """;

    private readonly PreparedReader _highest = new(JournalAddress.Of(config), Highest);
    private readonly PreparedReader _events = new(JournalAddress.Of(config), Events);
    private readonly ConcurrentDictionary<string, Task> _writing = [];
    private readonly Akka.Serialization.Serialization _serialization = Context.System.Serialization;

    /// <inheritdoc/>
    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        // An actor that was started again while a write of its predecessor is under way must see how that ended.
        if (_writing.TryGetValue(persistenceId, out var writing))
        {
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var highest = 0L;
        _highest.Read(persistenceId, 0, 0, 0, row => highest = row.IsDBNull(0) ? 0 : row.GetInt64(0));
        return highest;
    }

    /// <inheritdoc/>
    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max, Action<IPersistentRepresentation> recoveryCallback)
    {
        try
        {
            _events.Read(persistenceId, fromSequenceNr, toSequenceNr, max, row =>
            {
                var manifest = row.GetString(3);
                recoveryCallback(new Persistent(
                    _serialization.Deserialize(row.GetFieldValue<byte[]>(1), row.GetInt32(2), manifest),
                    row.GetInt64(0),
                    persistenceId,
                    manifest,
                    isDeleted: false,
                    ActorRefs.NoSender,
                    row.IsDBNull(4) ? "" : row.GetString(4),
                    row.GetInt64(5)));
            });
            return Task.CompletedTask;
        }
        catch (Exception e)
        {
            return Task.FromException(e);
        }
    }

    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var batch = messages.ToList();
        var writing = base.WriteMessagesAsync(batch, cancellationToken);
        foreach (var stream in batch.Select(write => write.PersistenceId).Distinct())
        {
            var entry = KeyValuePair.Create(stream, (Task)writing);
            _writing[stream] = writing;
            writing.ContinueWith(
                _ => _writing.TryRemove(entry), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return writing;
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        base.PostStop();
        _highest.Dispose();
        _events.Dispose();
    }
}
