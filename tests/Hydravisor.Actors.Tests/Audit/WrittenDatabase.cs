using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Tests.Journal;

namespace Hydravisor.Actors.Tests.Audit;

/// <summary>The same journal in a database, as the node that claimed its name writes it.</summary>
internal static class WrittenDatabase
{
    public static void Write(this WrittenJournal journal, JournalAddress.Database database)
    {
        Write(journal.Rows, database);
        foreach (var (stream, sequence, manifest, bytes) in journal.Snapshots)
        {
            PostgresServer.Execute(
                database, "insert into snapshot (persistence_id, sequence_number, created, snapshot, manifest, serializer_id) values ($1, $2, 0, $3, $4, 7411)", stream, sequence, bytes, manifest);
        }
    }

    public static void Write(this IEnumerable<JournalRow> rows, JournalAddress.Database database)
    {
        foreach (var row in rows)
        {
            PostgresServer.Execute(
                database,
                "insert into journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid) values (0, false, $1, $2, $3, $4, 7411, 'w')",
                row.Stream, row.Sequence, row.Bytes, row.Manifest);
        }
    }
}
