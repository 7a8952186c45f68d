using Akka.Configuration;
using Microsoft.Data.Sqlite;

namespace Hydravisor.Actors.Journal;

/// <summary>Reads the tables of Akka.Persistence.Sql by one statement that is prepared once, over a connection of its own. Safe for all threads;
/// blocks, as SQLite does, for tens of microseconds a read.</summary>
internal sealed class SqliteStreamReader : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;
    private readonly string _select;
    private SqliteCommand? _prepared;

    /// <summary>Makes a reader; it connects at its first read.</summary>
    /// <param name="plugin">The plugin's configuration.</param>
    /// <param name="select">The statement. Its parameters are <c>$stream</c>, <c>$from</c>, <c>$to</c> and <c>$max</c>, as far as it has them.</param>
    public SqliteStreamReader(Config plugin, string select)
    {
        _connection = new SqliteConnection(
            new SqliteConnectionStringBuilder(plugin.GetString("connection-string")) { Pooling = false }.ConnectionString);
        _select = select;
    }

    /// <summary>Reads the rows of a stream.</summary>
    /// <param name="stream">The persistence id.</param>
    /// <param name="from">The first sequence number.</param>
    /// <param name="to">The last.</param>
    /// <param name="max">The most rows.</param>
    /// <param name="row">Called for each row in turn.</param>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public void Read(string stream, long from, long to, long max, Action<SqliteDataReader> row)
    {
        lock (_lock)
        {
            var command = _prepared ??= Prepare();
            Set(command, "$stream", stream);
            Set(command, "$from", from);
            Set(command, "$to", to);
            Set(command, "$max", max);
            using var rows = command.ExecuteReader();
            while (rows.Read())
            {
                row(rows);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _prepared?.Dispose();
            _connection.Dispose();
        }
    }

    private SqliteCommand Prepare()
    {
        _connection.Open();
        var command = _connection.CreateCommand();
        command.CommandText = _select;
        foreach (var name in (string[])["$stream", "$from", "$to", "$max"])
        {
            if (_select.Contains(name, StringComparison.Ordinal))
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = name, Value = 0L });
            }
        }

        command.Prepare();
        return command;
    }

    private static void Set(SqliteCommand command, string name, object value)
    {
        if (command.Parameters.Contains(name))
        {
            command.Parameters[name].Value = value;
        }
    }
}
