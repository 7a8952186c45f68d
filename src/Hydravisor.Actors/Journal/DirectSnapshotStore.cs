using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Sql.Snapshot;

namespace Hydravisor.Actors.Journal;

/// <summary>Akka.Persistence.Sql's snapshot store, which looks for the newest snapshot, as every recovery does, directly.</summary>
/// <remarks>See <see cref="DirectJournal"/>.</remarks>
/// <param name="config">The plugin's configuration.</param>
internal sealed class DirectSnapshotStore(Config config) : SqlSnapshotStore(config)
{
    private const string Newest = """
        select sequence_number, snapshot, serializer_id, manifest, created from snapshot
        where persistence_id = @stream order by sequence_number desc limit 1
        """;

    private readonly PreparedReader _newest = new(JournalAddress.Of(config), Newest);
    private readonly Akka.Serialization.Serialization _serialization = Context.System.Serialization;

    /// <inheritdoc/>
    protected override Task<SelectedSnapshot?> LoadAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        if (criteria.MaxSequenceNr != long.MaxValue || criteria.MaxTimeStamp != DateTime.MaxValue)
        {
            return base.LoadAsync(persistenceId, criteria, cancellationToken);
        }

        try
        {
            SelectedSnapshot? found = null;
            _newest.Read(persistenceId, 0, 0, 0, row => found = new SelectedSnapshot(
                new SnapshotMetadata(persistenceId, row.GetInt64(0), new DateTime(row.GetInt64(4), DateTimeKind.Utc)),
                _serialization.Deserialize(row.GetFieldValue<byte[]>(1), row.GetInt32(2), row.GetString(3))));
            return Task.FromResult(found);
        }
        catch (Exception e)
        {
            return Task.FromException<SelectedSnapshot?>(e);
        }
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        base.PostStop();
        _newest.Dispose();
    }
}
