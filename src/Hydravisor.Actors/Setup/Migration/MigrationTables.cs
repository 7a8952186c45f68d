using System.Data;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Audit.Checkpoints;
using Npgsql;
using NpgsqlTypes;

namespace Hydravisor.Actors.Setup.Migration;

/// <summary>The tables that nodes share, as a migration reads and fills them, over one connection. Not thread-safe.</summary>
/// <param name="connection">An open connection.</param>
/// <param name="node">The node whose journal is moved.</param>
internal sealed class MigrationTables(NpgsqlConnection connection, string node)
{
    private const int BatchRows = 10_000;
    private const int AskedAtOnce = 10_000;

    /// <summary>Looks at what is there.</summary>
    /// <param name="database">The database, for messages.</param>
    /// <param name="vms">The VMs that shall come.</param>
    /// <param name="stop">Ends the reading.</param>
    public async Task<MigrationTarget> LookAsync(string database, IReadOnlyList<MigratingVm> vms, CancellationToken stop)
    {
        var isThere = await AskAsync(
            "select exists (select from journal where node = $1) or exists (select from snapshot where split_part(persistence_id, '|', 2) = $1)", stop, node).ConfigureAwait(false);
        return isThere is true
            ? new MigrationTarget(database, Check(stop), [])
            : new MigrationTarget(database, null, await ConflictsAsync(vms, stop).ConfigureAwait(false));
    }

    /// <summary>Begins: from now on this transaction may bring what it wants of the node, and nobody else may write as it.</summary>
    public Task BeginAsync(CancellationToken stop) => AskAsync("select hydravisor_migrate_begin($1, $2)", stop, node, $"{Environment.MachineName} {Environment.ProcessId} (migration)");

    /// <summary>Copies all rows of a file.</summary>
    public async Task CopyAsync(MigratingFile file, CancellationToken stop)
    {
        await CopyAsync(
            file.Rows("select ordering, created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid from journal order by ordering"),
            "copy journal (ordering, created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid) from stdin (format binary)",
            [Long, Long, Flag, Name, Long, Bytes, Word, Int, Text],
            stop).ConfigureAwait(false);
        await CopyAsync(
            file.Rows("select persistence_id, sequence_number from journal_metadata"),
            "copy journal_metadata (persistence_id, sequence_number) from stdin (format binary)",
            [Name, Long],
            stop).ConfigureAwait(false);
        await CopyAsync(
            file.Rows("select persistence_id, sequence_number, created, snapshot, manifest, serializer_id from snapshot"),
            "copy snapshot (persistence_id, sequence_number, created, snapshot, manifest, serializer_id) from stdin (format binary)",
            [Name, Long, Long, Bytes, Word, Int],
            stop).ConfigureAwait(false);
    }

    /// <summary>Ends: the node's VMs have their places, and its next event comes after these.</summary>
    public Task EndAsync(CancellationToken stop) => AskAsync("select hydravisor_migrate_end()", stop);

    /// <summary>How many snapshots and marks of deletion the node has.</summary>
    public async Task<(long Snapshots, long Marks)> CountAsync(CancellationToken stop) => (
        (long)(await AskAsync("select count(*) from snapshot where split_part(persistence_id, '|', 2) = $1", stop, node).ConfigureAwait(false))!,
        (long)(await AskAsync("select count(*) from journal_metadata where split_part(persistence_id, '|', 2) = $1", stop, node).ConfigureAwait(false))!);

    /// <summary>Checks the node's streams as <c>audit verify</c> does, in the transaction that is open.</summary>
    public JournalCheck Check(CancellationToken stop)
    {
        var snapshots = Read(
                "select persistence_id, sequence_number, snapshot from snapshot where split_part(persistence_id, '|', 2) = $1 order by persistence_id, sequence_number",
                row => new SnapshotRow(row.GetString(0), row.GetInt64(1), JournalReader.HeadOf(row.IsDBNull(2) ? null : row.GetFieldValue<byte[]>(2))))
            .GroupBy(row => row.Stream).ToDictionary(rows => rows.Key, rows => rows.ToList(), StringComparer.Ordinal);
        var withEvents = Read("select distinct persistence_id from journal where node = $1", row => row.GetString(0)).ToHashSet(StringComparer.Ordinal);
        return JournalCheck.Run(
            Read("select persistence_id, sequence_number, coalesce(manifest, ''), message, ordering, deleted from journal where node = $1 order by persistence_id, sequence_number, ordering", Row),
            stream => snapshots.GetValueOrDefault(stream) ?? [],
            () => [.. snapshots.Keys.Where(stream => !withEvents.Contains(stream))],
            heads: null,
            SignedHeads.Read(
                Read($"select persistence_id, sequence_number, coalesce(manifest, ''), message, ordering, deleted from journal where node = $1 and persistence_id like '{Checkpoint.StreamPrefix}%' order by sequence_number", Row),
                keys: [],
                witnessed: []),
            stop);
    }

    private async Task<List<MigrationConflict>> ConflictsAsync(IReadOnlyList<MigratingVm> vms, CancellationToken stop)
    {
        // Two questions in one, so that each has its index.
        const string Select = """
            with ours as (select * from unnest($1::text[], $2::text[]) as each (id, name))
            select ours.id, ours.name, known.id, known.node from ours join hydravisor_vm known on known.id = ours.id
            union select ours.id, ours.name, known.id, known.node from ours join hydravisor_vm known on known.name = ours.name and known.state <> 'deleted'
            order by 1, 3
            """;
        var found = new List<MigrationConflict>();
        foreach (var some in vms.Chunk(AskedAtOnce))
        {
            var command = Command(Select, some.Select(vm => vm.Id).ToArray(), some.Select(vm => vm.Name).ToArray());
            await using (command.ConfigureAwait(false))
            {
                var rows = await command.ExecuteReaderAsync(stop).ConfigureAwait(false);
                await using (rows.ConfigureAwait(false))
                {
                    while (await rows.ReadAsync(stop).ConfigureAwait(false))
                    {
                        found.Add(new MigrationConflict(new MigratingVm(rows.GetString(0), rows.GetString(1)), rows.GetString(2), rows.GetString(3)));
                    }
                }
            }
        }

        return found;
    }

    // Batch by batch: what is in memory is one batch of the server's buffers, whatever the journal's size.
    private async Task CopyAsync(IEnumerable<JournalCursor> rows, string copy, Column[] columns, CancellationToken stop)
    {
        using var all = rows.GetEnumerator();
        for (var more = all.MoveNext(); more;)
        {
            var import = await connection.BeginBinaryImportAsync(copy, stop).ConfigureAwait(false);
            await using (import.ConfigureAwait(false))
            {
                import.Timeout = TimeSpan.Zero;
                for (var count = 0; more && count < BatchRows; count++, more = all.MoveNext())
                {
                    await import.StartRowAsync(stop).ConfigureAwait(false);
                    for (var i = 0; i < columns.Length; i++)
                    {
                        await (all.Current.IsNull(i) ? import.WriteNullAsync(stop) : columns[i](import, all.Current, i, stop)).ConfigureAwait(false);
                    }
                }

                await import.CompleteAsync(stop).ConfigureAwait(false);
            }
        }
    }

    private IEnumerable<T> Read<T>(string select, Func<NpgsqlDataReader, T> read)
    {
        using var command = Command(select, node);
        using var rows = command.ExecuteReader(CommandBehavior.SequentialAccess);
        while (rows.Read())
        {
            yield return read(rows);
        }
    }

    private async Task<object?> AskAsync(string sql, CancellationToken stop, params object[] arguments)
    {
        var command = Command(sql, arguments);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(stop).ConfigureAwait(false);
        }
    }

    // How long these take is a question of the journal's size, so that no time is too long.
    private NpgsqlCommand Command(string sql, params object[] arguments)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var argument in arguments)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = argument });
        }

        return command;
    }

    private static JournalRow Row(NpgsqlDataReader row) =>
        new(row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetFieldValue<byte[]>(3), row.GetInt64(4), row.GetBoolean(5));

    private delegate Task Column(NpgsqlBinaryImporter import, JournalCursor row, int column, CancellationToken stop);

    private static Task Long(NpgsqlBinaryImporter import, JournalCursor row, int column, CancellationToken stop) => import.WriteAsync(row.Number(column), NpgsqlDbType.Bigint, stop);

    private static Task Int(NpgsqlBinaryImporter import, JournalCursor row, int column, CancellationToken stop) => import.WriteAsync((int)row.Number(column), NpgsqlDbType.Integer, stop);

    private static Task Flag(NpgsqlBinaryImporter import, JournalCursor row, int column, CancellationToken stop) => import.WriteAsync(row.Number(column) != 0, NpgsqlDbType.Boolean, stop);

    private static Task Name(NpgsqlBinaryImporter import, JournalCursor row, int column, CancellationToken stop) => import.WriteAsync(row.Repeated(column), NpgsqlDbType.Text, stop);

    private static Task Word(NpgsqlBinaryImporter import, JournalCursor row, int column, CancellationToken stop) => import.WriteAsync(row.Word(column), NpgsqlDbType.Text, stop);

    private static Task Text(NpgsqlBinaryImporter import, JournalCursor row, int column, CancellationToken stop) => import.WriteAsync(row.Text(column), NpgsqlDbType.Text, stop);

    private static Task Bytes(NpgsqlBinaryImporter import, JournalCursor row, int column, CancellationToken stop) => import.WriteAsync(row.Bytes(column).ToArray(), NpgsqlDbType.Bytea, stop);
}
