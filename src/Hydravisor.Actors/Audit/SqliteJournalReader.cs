using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Audit;

/// <summary>Reads a journal in an SQLite file.</summary>
internal sealed class SqliteJournalReader : JournalReader
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

    private SqliteJournalReader(string file, bool immutable)
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
    public static SqliteJournalReader Open(string file)
    {
        file = Path.GetFullPath(file);
        if (!File.Exists(file))
        {
            throw new JournalUnreadableException($"there is no file {file}; a node's journal is the journal.db of its data directory");
        }

        try
        {
            return new SqliteJournalReader(file, immutable: false);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is CannotOpen or ReadOnly && !File.Exists(file + "-wal"))
        {
            // A copy on a medium that cannot be written to, where SQLite cannot keep its shared memory; without a log nobody writes to it.
            return Guard(file, () => new SqliteJournalReader(file, immutable: true));
        }
        catch (SqliteException e)
        {
            throw Unreadable(file, e);
        }
    }

    /// <inheritdoc/>
    public override long Place => Guard(_file, () =>
    {
        using var command = Command("select coalesce(max(ordering), 0) from journal");
        return (long)command.ExecuteScalar()!;
    });

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> Rows() => Read($"{Columns} order by persistence_id, sequence_number, ordering");

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsAsStored(string instanceId = "") => Read(
        $"{Columns} where $arg = '' or substr(persistence_id, -1 - length($arg)) = '|' || $arg or (manifest like 'ledger.%' and instr(cast(message as text), $arg) > 0) order by ordering",
        instanceId);

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsSince(long place) => Read($"{Columns} where ordering > $arg order by ordering", place);

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsOf(string streamEnd) =>
        Read($"{Columns} where substr(persistence_id, -length($arg)) = $arg order by persistence_id, sequence_number, ordering", streamEnd);

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsFrom(string streamStart) => Read(
        $"{Columns} where persistence_id >= $arg and persistence_id < $arg || char(0x10ffff) order by persistence_id, sequence_number, ordering", streamStart);

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsIn(string stream) => Read($"{Columns} where persistence_id = $arg order by sequence_number, ordering", stream);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Streams() => Names("select distinct persistence_id from journal order by persistence_id");

    /// <inheritdoc/>
    public override IReadOnlyList<SnapshotRow> Snapshots(string stream) => Guard(_file, () =>
    {
        _snapshots ??= new JournalCursor(_connection, "select sequence_number, snapshot from snapshot where persistence_id = $arg order by sequence_number");
        _snapshots.Begin(stream);
        List<SnapshotRow>? found = null;
        while (_snapshots.Next())
        {
            var bytes = _snapshots.IsNull(1) ? null : _snapshots.Bytes(1).ToArray();
            (found ??= []).Add(new SnapshotRow(stream, _snapshots.Number(0), HeadOf(bytes), bytes));
        }

        return found ?? (IReadOnlyList<SnapshotRow>)[];
    });

    /// <inheritdoc/>
    public override IReadOnlyList<string> StreamsWithoutEvents() =>
        Names("select distinct persistence_id from snapshot s where not exists (select 1 from journal j where j.persistence_id = s.persistence_id)");

    /// <inheritdoc/>
    public override void Dispose()
    {
        _snapshots?.Dispose();
        _transaction.Dispose();
        _connection.Dispose();
    }

    private List<string> Names(string select) => Guard(_file, () =>
    {
        using var command = Command(select);
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(rows.GetString(0));
        }

        return found;
    });

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
