using System.Text.Json;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Audit.Ledger;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit;

/// <summary>Reads the rows of a journal, also while nodes write to it: all of them as they were when the reader was opened.</summary>
/// <remarks>Never writes to it. One row is in memory at a time. Not thread-safe.</remarks>
internal abstract class JournalReader : IDisposable
{
    /// <summary>Up to where the journal is read: what is stored later is found by <see cref="RowsSince"/>.</summary>
    public abstract long Place { get; }

    /// <summary>Opens a journal.</summary>
    /// <exception cref="JournalUnreadableException">It is not there, or no journal, or locked.</exception>
    public static JournalReader Open(JournalAddress journal) => journal switch
    {
        JournalAddress.SqliteFile file => SqliteJournalReader.Open(file.File),
        JournalAddress.Database database => PostgresJournalReader.Open(database),
        _ => throw new InvalidOperationException("A journal is a file or a database."),
    };

    /// <summary>All rows, stream by stream, in the order of their numbers.</summary>
    public abstract IEnumerable<JournalRow> Rows();

    /// <summary>All rows in the order in which they were stored.</summary>
    /// <param name="instanceId">Only of that VM's stream, and those of the ledger that name it; empty: all.</param>
    public abstract IEnumerable<JournalRow> RowsAsStored(string instanceId = "");

    /// <summary>The rows that were stored since another reader's <see cref="Place"/>, and maybe some before them again; those of a stream in the order
    /// of their numbers.</summary>
    /// <param name="place">The place; 0: all rows.</param>
    public abstract IEnumerable<JournalRow> RowsSince(long place);

    /// <summary>The rows of the streams that end so, stream by stream, in the order of their numbers.</summary>
    public abstract IEnumerable<JournalRow> RowsOf(string streamEnd);

    /// <summary>The rows of a node's ledger, in the order of their numbers.</summary>
    public IEnumerable<JournalRow> LedgerOf(string node) => RowsIn(LedgerWriter.StreamOf(node));

    /// <summary>The rows of the streams of checkpoints, stream by stream, in the order of their numbers.</summary>
    public IEnumerable<JournalRow> Checkpoints() => RowsFrom(Checkpoint.StreamPrefix);

    /// <summary>The rows of the streams that begin so, stream by stream, in the order of their numbers.</summary>
    public abstract IEnumerable<JournalRow> RowsFrom(string streamStart);

    /// <summary>The rows of a stream, in the order of their numbers.</summary>
    public abstract IEnumerable<JournalRow> RowsIn(string stream);

    /// <summary>The names of the streams that have rows, in the order of their characters.</summary>
    public abstract IReadOnlyList<string> Streams();

    /// <summary>The snapshots of a stream; while <see cref="Rows"/> are read, maybe without their bytes.</summary>
    public abstract IReadOnlyList<SnapshotRow> Snapshots(string stream);

    /// <summary>Streams that have snapshots and no events.</summary>
    public abstract IReadOnlyList<string> StreamsWithoutEvents();

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The head that a snapshot names; null where it names none.</summary>
    internal static string? HeadOf(byte[]? snapshot)
    {
        if (snapshot is null)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(snapshot);
            return json.RootElement.TryGetProperty("head", out var head) ? head.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
