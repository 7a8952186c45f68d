using Hydravisor.Actors.Journal;
using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>The heads that moved since some place of the journal's table.</summary>
/// <param name="Heads">The heads, by stream.</param>
/// <param name="Through">The place of the last event that was read.</param>
/// <param name="Events">How many were read.</param>
/// <param name="More">Whether there are more behind them.</param>
internal sealed record MovedHeads(IReadOnlyDictionary<string, string> Heads, long Through, int Events, bool More);

/// <summary>Reads a running node's journal for its checkpoints: only what is committed, over a connection of its own. Blocks; safe for all threads.</summary>
/// <param name="connectionString">Of the journal.</param>
internal sealed class MovedHeadsReader(string connectionString) : IDisposable
{
    private const string Rows = $"""
        select persistence_id, sequence_number, manifest, message, ordering from journal
        where ordering > $through and manifest <> '{Checkpoint.Manifest}' order by ordering limit $max
        """;

    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection = new(new SqliteConnectionStringBuilder(connectionString) { Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ConnectionString);

    /// <summary>How many events stand behind a place, up to a number.</summary>
    public long Count(long through, int max)
    {
        using var only = _gate.EnterScope();
        using var command = Command($"select count(*) from (select 1 from journal where ordering > $through and manifest <> '{Checkpoint.Manifest}' limit $max)", through, max);
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Reads the heads that moved.</summary>
    public MovedHeads Read(long through, int max)
    {
        using var only = _gate.EnterScope();
        using var command = Command(Rows, through, max);
        using var rows = command.ExecuteReader();
        var heads = new Dictionary<string, string>(StringComparer.Ordinal);
        var events = 0;
        while (rows.Read())
        {
            heads[rows.GetString(0)] = Checkpoint.Head(rows.GetInt64(1), EventHash.Of(rows.GetString(2), rows.GetFieldValue<byte[]>(3)).Hex);
            through = rows.GetInt64(4);
            events++;
        }

        return new MovedHeads(heads, through, events, events == max);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using var only = _gate.EnterScope();
        _connection.Dispose();
    }

    private SqliteCommand Command(string text, long through, int max)
    {
        if (_connection.State != System.Data.ConnectionState.Open)
        {
            _connection.Open();
        }

        var command = _connection.CreateCommand();
        command.CommandText = text;
        command.Parameters.AddWithValue("$through", through);
        command.Parameters.AddWithValue("$max", max);
        return command;
    }
}
