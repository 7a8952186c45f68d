using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Audit;

/// <summary>Reads the rows of a journal, also while a node writes to it: all of them as they were when the reader was opened.</summary>
/// <remarks>Never writes to the file. One row is in memory at a time. Not thread-safe.</remarks>
internal sealed class JournalReader : IDisposable
{
    private const string Columns = "select persistence_id, sequence_number, manifest, message, ordering, deleted from journal";
    private const int NotADatabase = 26;
    private const int Busy = 5;
    private const int BusyMilliseconds = 3000;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int CannotOpen = 14;

    private readonly string _file;
    private readonly SqliteConnection _connection;
    private readonly SqliteTransaction _transaction;
    private JournalCursor? _snapshots;

    private JournalReader(string file, bool immutable)
    {
        _file = file;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = immutable ? $"file:{Uri.EscapeDataString(file).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1" : file,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
            DefaultTimeout = 3,
        }.ConnectionString);
        try
        {
            _connection.Open();
            SQLitePCL.raw.sqlite3_busy_timeout(_connection.Handle, BusyMilliseconds);
            _transaction = _connection.BeginTransaction(deferred: true);
            using var tables = Command("select count(*) from sqlite_schema where type = 'table' and name in ('journal', 'snapshot')");
            if (tables.ExecuteScalar() is not 2L)
            {
                throw new JournalUnreadableException($"{file} is an SQLite file without the tables of a journal; a node's is the journal.db of its data directory");
            }
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens a journal.</summary>
    /// <exception cref="JournalUnreadableException">It is not there, or no journal, or locked.</exception>
    public static JournalReader Open(string file)
    {
        file = Path.GetFullPath(file);
        if (!File.Exists(file))
        {
            throw new JournalUnreadableException($"there is no file {file}; a node's journal is the journal.db of its data directory");
        }

        try
        {
            return new JournalReader(file, immutable: false);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is CannotOpen or ReadOnly && !File.Exists(file + "-wal"))
        {
            // A copy on a medium that cannot be written to, where SQLite cannot keep its shared memory; without a log nobody writes to it.
            return Guard(file, () => new JournalReader(file, immutable: true));
        }
        catch (SqliteException e)
        {
            throw Unreadable(file, e);
        }
    }

    /// <summary>All rows, stream by stream, in the order of their numbers.</summary>
    public IEnumerable<JournalRow> Rows() => Read($"{Columns} order by persistence_id, sequence_number, ordering");

    /// <summary>All rows in the order in which they were stored.</summary>
    /// <param name="instanceId">Only of that VM's stream, and those of the ledger that name it; empty: all.</param>
    public IEnumerable<JournalRow> RowsAsStored(string instanceId = "") => Read(
        $"{Columns} where $arg = '' or substr(persistence_id, -1 - length($arg)) = '|' || $arg or (manifest like 'ledger.%' and instr(cast(message as text), $arg) > 0) order by ordering",
        instanceId);

    /// <summary>The rows that were stored behind one, in the order in which they were stored.</summary>
    /// <param name="ordering">The place of the last one that is known; 0: none is.</param>
    public IEnumerable<JournalRow> RowsAfter(long ordering) => Read($"{Columns} where ordering > $arg order by ordering", ordering);

    /// <summary>The rows of the streams that end so, stream by stream, in the order of their numbers.</summary>
    public IEnumerable<JournalRow> RowsOf(string streamEnd) =>
        Read($"{Columns} where substr(persistence_id, -length($arg)) = $arg order by persistence_id, sequence_number, ordering", streamEnd);

    /// <summary>The rows of a node's ledger, in the order of their numbers.</summary>
    public IEnumerable<JournalRow> LedgerOf(string node) => Read($"{Columns} where persistence_id = 'ledger|' || $arg order by sequence_number, ordering", node);

    /// <summary>The rows of the streams of checkpoints, stream by stream, in the order of their numbers.</summary>
    public IEnumerable<JournalRow> Checkpoints() =>
        Read($"{Columns} where persistence_id >= 'checkpoint|' and persistence_id < 'checkpoint}}' order by persistence_id, sequence_number, ordering");

    /// <summary>The snapshots of a stream.</summary>
    public IReadOnlyList<SnapshotRow> Snapshots(string stream) => Guard(_file, () =>
    {
        _snapshots ??= new JournalCursor(_connection, "select sequence_number, snapshot from snapshot where persistence_id = $arg order by sequence_number");
        _snapshots.Begin(stream);
        List<SnapshotRow>? found = null;
        while (_snapshots.Next())
        {
            (found ??= []).Add(new SnapshotRow(stream, _snapshots.Number(0), _snapshots.IsNull(1) ? null : HeadOf(_snapshots.Bytes(1).ToArray())));
        }

        return found ?? (IReadOnlyList<SnapshotRow>)[];
    });

    /// <summary>Streams that have snapshots and no events.</summary>
    public IReadOnlyList<string> StreamsWithoutEvents() => Guard(_file, () =>
    {
        using var command = Command(
            "select distinct persistence_id from snapshot s where not exists (select 1 from journal j where j.persistence_id = s.persistence_id)");
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(rows.GetString(0));
        }

        return found;
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _snapshots?.Dispose();
        _transaction.Dispose();
        _connection.Dispose();
    }

    private static string? HeadOf(byte[] snapshot)
    {
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

    private IEnumerable<JournalRow> Read(string select, object? argument = null)
    {
        using var rows = Guard(_file, () => new JournalCursor(_connection, select).Begin(argument));
        while (TryRead(rows, out var row))
        {
            yield return row;
        }
    }

    private bool TryRead(JournalCursor rows, out JournalRow row)
    {
        try
        {
            var isThere = rows.Next();
            row = isThere ? new JournalRow(rows.Repeated(0), rows.Number(1), rows.Word(2), rows.Bytes(3).ToArray(), rows.Number(4), rows.Number(5) != 0) : default;
            return isThere;
        }
        catch (SqliteException e)
        {
            throw Unreadable(_file, e);
        }
    }

    private SqliteCommand Command(string text)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        command.Transaction = _transaction;
        return command;
    }

    private static T Guard<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqliteException e)
        {
            throw Unreadable(file, e);
        }
    }

    private static JournalUnreadableException Unreadable(string file, SqliteException e) => new(e.SqliteErrorCode switch
    {
        NotADatabase => $"{file} is no SQLite file; a node's journal is the journal.db of its data directory",
        Busy or Locked => $"{file} is locked by another program; end that, or check a copy (sqlite3 journal.db \".backup copy.db\")",
        _ => $"{file} cannot be read: {e.Message}",
    });
}
