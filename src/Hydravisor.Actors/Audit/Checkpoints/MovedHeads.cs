using System.Data.Common;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>The heads that moved since some place of the journal's table.</summary>
/// <param name="Heads">The heads, by stream.</param>
/// <param name="Through">The place of the last event that was read.</param>
/// <param name="Events">How many were read.</param>
/// <param name="More">Whether there are more behind them.</param>
internal sealed record MovedHeads(IReadOnlyDictionary<string, string> Heads, long Through, int Events, bool More);

/// <summary>Reads a running node's journal for its checkpoints: only what is committed, over a connection of its own. Blocks; safe for all threads.</summary>
/// <param name="journal">Where the journal is.</param>
/// <param name="node">Whose streams count. In a file there are no others.</param>
internal sealed class MovedHeadsReader(JournalAddress journal, string node) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly string _moved = $"from journal where ordering > @through and ordering <= @to and manifest <> '{Checkpoint.Manifest}'"
        + (journal is JournalAddress.Database ? " and node = @node" : "");

    private DbConnection? _connection;

    /// <summary>How many events stand behind a place, up to a number.</summary>
    /// <exception cref="DbException">The journal cannot be read.</exception>
    public long Count(long through, int max) => Reading(connection =>
    {
        using var command = Command(connection, $"select count(*) from (select 1 {_moved} limit @max) as few", through, long.MaxValue, max);
        return (long)command.ExecuteScalar()!;
    });

    /// <summary>Reads the heads that moved.</summary>
    /// <exception cref="DbException">The journal cannot be read.</exception>
    public MovedHeads Read(long through, int max) => Reading(connection =>
    {
        using var command = Command(
            connection, $"select persistence_id, sequence_number, manifest, message, ordering {_moved} order by ordering limit @max", through, Settled(connection), max);
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
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        using var only = _gate.EnterScope();
        _connection?.Dispose();
    }

    private T Reading<T>(Func<DbConnection, T> read)
    {
        using var only = _gate.EnterScope();
        try
        {
            if (_connection is null)
            {
                _connection = journal.Connect();
                _connection.Open();
            }

            return read(_connection);
        }
        catch (DbException)
        {
            _connection?.Dispose();
            _connection = null;
            throw;
        }
    }

    // Up to where nothing is still to come. A file has one writer; in a database writes are under way side by side, and are waited for.
    private long Settled(DbConnection connection)
    {
        if (journal is not JournalAddress.Database)
        {
            return long.MaxValue;
        }

        using var command = connection.CreateCommand();
        command.CommandText = "select hydravisor_settled(@node)";
        Add(command, "@node", node);
        return (long)command.ExecuteScalar()!;
    }

    private DbCommand Command(DbConnection connection, string text, long through, long to, int max)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        Add(command, "@through", through);
        Add(command, "@to", to);
        Add(command, "@max", max);
        if (journal is JournalAddress.Database)
        {
            Add(command, "@node", node);
        }

        return command;
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
    }
}
