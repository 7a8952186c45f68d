using System.Data;
using Hydravisor.Actors.Journal;
using Npgsql;

namespace Hydravisor.Actors.Audit;

/// <summary>Reads a journal in a PostgreSQL database: the streams of all nodes that share it.</summary>
internal sealed class PostgresJournalReader : JournalReader
{
    // Names are compared by the bytes of the database's encoding, which is UTF-8: that is the order of their characters.
    private const string Columns = "select persistence_id, sequence_number, coalesce(manifest, ''), message, ordering, deleted from journal";
    private const string UndefinedTable = "42P01";

    private readonly JournalAddress.Database _database;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private Dictionary<string, List<SnapshotRow>>? _snapshots;

    private PostgresJournalReader(JournalAddress.Database database)
    {
        _database = database;
        _connection = (NpgsqlConnection)database.With("-c default_transaction_read_only=on", "hydravisor audit").Connect();
        try
        {
            _connection.Open();
            _transaction = _connection.BeginTransaction(IsolationLevel.RepeatableRead);
            Place = Ask("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint");
            Ask("select count(*) from (select 1 from journal limit 1) as any_row");
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>The first transaction that may still have been under way: all before it are over, and what they stored is read.</remarks>
    public override long Place { get; }

    /// <summary>Opens a journal.</summary>
    /// <exception cref="JournalUnreadableException">It is not there, or no journal.</exception>
    public static PostgresJournalReader Open(JournalAddress.Database database) => Guard(database, () => new PostgresJournalReader(database));

    /// <inheritdoc/>
    /// <remarks>A connection has one answer at a time, and who reads all rows asks for the snapshots of each stream: these are read before.</remarks>
    public override IEnumerable<JournalRow> Rows()
    {
        _snapshots ??= ReadSnapshots(null).GroupBy(row => row.Stream).ToDictionary(rows => rows.Key, rows => rows.ToList(), StringComparer.Ordinal);
        return Read($"{Columns} order by persistence_id, sequence_number, ordering");
    }

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsAsStored(string instanceId = "") => instanceId.Length == 0
        ? Read($"{Columns} order by stored")
        : Read(
            $"{Columns} where right(persistence_id, 1 + length(@arg)) = '|' || @arg or (manifest like 'ledger.%' and position(convert_to(@arg, 'UTF8') in message) > 0) order by stored",
            instanceId);

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsSince(long place) => Read($"{Columns} where written_in >= @arg order by stored", place);

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsOf(string streamEnd) =>
        Read($"{Columns} where right(persistence_id, length(@arg)) = @arg order by persistence_id, sequence_number, ordering", streamEnd);

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsFrom(string streamStart) => Read(
        $"{Columns} where persistence_id >= @arg and persistence_id < @arg || chr(1114111) order by persistence_id, sequence_number, ordering", streamStart);

    /// <inheritdoc/>
    public override IEnumerable<JournalRow> RowsIn(string stream) => Read($"{Columns} where persistence_id = @arg order by sequence_number, ordering", stream);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Streams() => Names("select distinct persistence_id from journal order by persistence_id");

    /// <inheritdoc/>
    public override IReadOnlyList<SnapshotRow> Snapshots(string stream) =>
        _snapshots is null ? ReadSnapshots(stream) : _snapshots.GetValueOrDefault(stream) ?? [];

    /// <inheritdoc/>
    public override IReadOnlyList<string> StreamsWithoutEvents() =>
        Names("select distinct persistence_id from snapshot s where not exists (select from journal j where j.persistence_id = s.persistence_id) order by persistence_id");

    /// <inheritdoc/>
    public override void Dispose()
    {
        _transaction.Dispose();
        _connection.Dispose();
    }

    // Those of all streams without their bytes, which nobody wants.
    private List<SnapshotRow> ReadSnapshots(string? only) => Guard(_database, () =>
    {
        using var command = new NpgsqlCommand(
            "select persistence_id, sequence_number, snapshot from snapshot where @arg is null or persistence_id = @arg order by persistence_id, sequence_number", _connection);
        command.Parameters.Add(new NpgsqlParameter<string?>("arg", only));
        using var rows = command.ExecuteReader();
        var found = new List<SnapshotRow>();
        while (rows.Read())
        {
            var bytes = rows.IsDBNull(2) ? null : rows.GetFieldValue<byte[]>(2);
            found.Add(new SnapshotRow(rows.GetString(0), rows.GetInt64(1), HeadOf(bytes), only is null ? null : bytes));
        }

        return found;
    });

    private List<string> Names(string select) => Guard(_database, () =>
    {
        using var command = new NpgsqlCommand(select, _connection);
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(rows.GetString(0));
        }

        return found;
    });

    private long Ask(string select)
    {
        using var command = new NpgsqlCommand(select, _connection);
        return (long)command.ExecuteScalar()!;
    }

    private IEnumerable<JournalRow> Read(string select, object? argument = null)
    {
        using var command = new NpgsqlCommand(select, _connection);
        if (argument is not null)
        {
            command.Parameters.AddWithValue("arg", argument);
        }

        using var rows = Guard(_database, () => command.ExecuteReader(CommandBehavior.SequentialAccess));
        while (Guard(_database, rows.Read))
        {
            yield return Guard(_database, () => new JournalRow(
                rows.GetString(0), rows.GetInt64(1), rows.GetString(2), rows.GetFieldValue<byte[]>(3), rows.GetInt64(4), rows.GetBoolean(5)));
        }
    }

    private static T Guard<T>(JournalAddress.Database database, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (PostgresException e) when (e.SqlState == UndefinedTable)
        {
            throw new JournalUnreadableException($"{database} has no journal; a node makes its tables at its first start");
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException)
        {
            throw new JournalUnreadableException($"{database} cannot be read: {e.Message}");
        }
    }
}
