using System.Data;
using System.Data.Common;

namespace Hydravisor.Actors.Journal;

/// <summary>Reads the tables of Akka.Persistence.Sql by one statement that is prepared once, over a connection of its own, and over a new one when
/// that was lost. Safe for all threads; blocks, for tens of microseconds a read on SQLite, for a round trip on a server.</summary>
internal sealed class PreparedReader : IDisposable
{
    private static readonly (string Name, DbType Type)[] Parameters =
        [("@stream", DbType.String), ("@from", DbType.Int64), ("@to", DbType.Int64), ("@max", DbType.Int64)];

    private readonly Lock _lock = new();
    private readonly JournalAddress _journal;
    private readonly string _select;
    private DbConnection? _connection;
    private DbCommand? _prepared;

    /// <summary>Makes a reader; it connects at its first read.</summary>
    /// <param name="journal">The database.</param>
    /// <param name="select">The statement. Its parameters are <c>@stream</c>, <c>@from</c>, <c>@to</c> and <c>@max</c>, as far as it has them.</param>
    public PreparedReader(JournalAddress journal, string select) => (_journal, _select) = (journal, select);

    /// <summary>Reads the rows of a stream.</summary>
    /// <param name="stream">The persistence id.</param>
    /// <param name="from">The first sequence number.</param>
    /// <param name="to">The last.</param>
    /// <param name="max">The most rows.</param>
    /// <param name="row">Called for each row in turn.</param>
    /// <exception cref="DbException">The database cannot be read.</exception>
    public void Read(string stream, long from, long to, long max, Action<DbDataReader> row)
    {
        lock (_lock)
        {
            // A connection from before the server was started again shows only when it is used.
            var (mayBeStale, any) = (_prepared is not null, false);
            try
            {
                Run(stream, from, to, max, each =>
                {
                    any = true;
                    row(each);
                });
            }
            catch (DbException) when (mayBeStale && !any)
            {
                Run(stream, from, to, max, row);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            Close();
        }
    }

    private void Run(string stream, long from, long to, long max, Action<DbDataReader> row)
    {
        try
        {
            var command = _prepared ??= Prepare();
            Set(command, "@stream", stream);
            Set(command, "@from", from);
            Set(command, "@to", to);
            Set(command, "@max", max);
            using var rows = command.ExecuteReader();
            while (rows.Read())
            {
                row(rows);
            }
        }
        catch (DbException)
        {
            Close();
            throw;
        }
    }

    private void Close()
    {
        _prepared?.Dispose();
        _connection?.Dispose();
        (_prepared, _connection) = (null, null);
    }

    private DbCommand Prepare()
    {
        Close();
        _connection = _journal.Connect();
        _connection.Open();
        var command = _connection.CreateCommand();
        command.CommandText = _select;
        foreach (var (name, type) in Parameters.Where(each => _select.Contains(each.Name, StringComparison.Ordinal)))
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.DbType, parameter.Value) = (name, type, type == DbType.String ? "" : 0L);
            command.Parameters.Add(parameter);
        }

        command.Prepare();
        return command;
    }

    private static void Set(DbCommand command, string name, object value)
    {
        if (command.Parameters.Contains(name))
        {
            command.Parameters[name].Value = value;
        }
    }
}
