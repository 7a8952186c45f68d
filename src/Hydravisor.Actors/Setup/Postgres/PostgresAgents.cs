using System.Data;
using System.Text;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Journal;
using Npgsql;

namespace Hydravisor.Actors.Setup.Postgres;

/// <summary>The agents in the database that nodes share: one row, which is locked from the reading to the writing. Safe for all threads and processes.</summary>
internal sealed class PostgresAgents : IAgentStore
{
    // The row is compared by what changes with it, and comes whole only where that did.
    private const string Select = """
        select stamp, case when stamp = $1 then null else book end
        from (select format('%s %s', version, extract(epoch from changed_at)) as stamp, book from hydravisor_agents) as now
        """;

    private readonly JournalAddress.Database _database;
    private readonly JournalAddress.Database _asking;
    private readonly JournalAddress.Database _changing;

    /// <summary>Those of a database.</summary>
    public PostgresAgents(JournalAddress.Database database)
    {
        // A node asks each second over one connection. A verb that stands still amid its change keeps nobody waiting for longer than that.
        _database = database;
        _asking = new JournalAddress.Database(new NpgsqlConnectionStringBuilder(database.With("", "hydravisor agents").Text) { CommandTimeout = 5 }.ConnectionString);
        _changing = database.With("-c lock_timeout=30s -c idle_in_transaction_session_timeout=10s", "hydravisor agents");
    }

    /// <inheritdoc/>
    public TimeSpan LookEvery { get; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task<AgentReading?> ReadSinceAsync(string? stamp, CancellationToken cancellation = default)
    {
        try
        {
            var connection = new NpgsqlConnection(_asking.Text);
            await using (connection.ConfigureAwait(false))
            {
                await connection.OpenAsync(cancellation).ConfigureAwait(false);
                return stamp is null && !await PostgresSchema.IsThereAsync(connection, _database.ToString()).ConfigureAwait(false)
                    ? new AgentReading("", AgentBook.Empty)
                    : await ReadAsync(connection, stamp, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (NodeClaim.IsOfDatabase(e) || e is InvalidOperationException)
        {
            // Whatever a client makes of a connection that ended under it: who watches must not end by that.
            throw new AgentException($"the agents in {_database} cannot be read: {Why(e)}");
        }
    }

    /// <inheritdoc/>
    public async Task<AgentBook> ChangeAsync(Func<AgentBook, AgentBook> change, CancellationToken cancellation = default)
    {
        try
        {
            var connection = (NpgsqlConnection)_changing.Connect();
            await using (connection.ConfigureAwait(false))
            {
                await connection.OpenAsync(cancellation).ConfigureAwait(false);
                await PostgresSchema.PrepareAsync(connection, _database.ToString()).ConfigureAwait(false);
                var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation).ConfigureAwait(false);
                await using (transaction.ConfigureAwait(false))
                {
                    var after = await ChangeAsync(connection, _database, change, cancellation).ConfigureAwait(false);
                    await CommitAsync(transaction).ConfigureAwait(false);
                    return after;
                }
            }
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new AgentException($"the agents in {_database} are being changed by another process, which does not come to an end. Nothing was changed");
        }
        catch (Exception e) when (NodeClaim.IsOfDatabase(e))
        {
            throw new AgentException($"the agents in {_database} cannot be changed: {Why(e)}. Nothing was changed");
        }
    }

    /// <inheritdoc/>
    public IDisposable? Listen(Action rings) => null;

    /// <summary>Changes them in a transaction that is open, and holds the row until that ends.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="database">Its database, for messages.</param>
    /// <param name="change">As of <see cref="IAgentStore.ChangeAsync"/>.</param>
    /// <param name="cancellation">Ends the wait for another process.</param>
    /// <exception cref="AgentException">The change cannot be, or what is there cannot be used.</exception>
    /// <exception cref="NpgsqlException">The database cannot be used.</exception>
    public static async Task<AgentBook> ChangeAsync(NpgsqlConnection connection, JournalAddress.Database database, Func<AgentBook, AgentBook> change, CancellationToken cancellation)
    {
        var before = await AskAsync(connection, database, "select book from hydravisor_agents for update", cancellation).ConfigureAwait(false);
        var after = change(before);
        if (!ReferenceEquals(before, after))
        {
            var update = new NpgsqlCommand("update hydravisor_agents set book = $1, changed_by = $2", connection);
            await using (update.ConfigureAwait(false))
            {
                update.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Encoding.UTF8.GetString(AgentDocument.Write(after)) });

                // For those who look at the table.
                update.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{Environment.UserName}@{Environment.MachineName} {Environment.ProcessId}" });
                await update.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            }
        }

        return after;
    }

    /// <summary>Those that are there, over a connection that is open, where the tables are.</summary>
    /// <exception cref="AgentException">What is there cannot be used.</exception>
    /// <exception cref="NpgsqlException">The database cannot be used.</exception>
    public static Task<AgentBook> ReadAsync(NpgsqlConnection connection, JournalAddress.Database database, CancellationToken cancellation) =>
        AskAsync(connection, database, "select book from hydravisor_agents", cancellation);

    private static async Task<AgentBook> AskAsync(NpgsqlConnection connection, JournalAddress.Database database, string select, CancellationToken cancellation)
    {
        var command = new NpgsqlCommand(select, connection);
        await using (command.ConfigureAwait(false))
        {
            return Parse(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) as string, database);
        }
    }

    private static AgentBook Parse(string? book, JournalAddress.Database database)
    {
        try
        {
            return AgentDocument.Read(Encoding.UTF8.GetBytes(book ?? throw new AgentException("has no row any more")));
        }
        catch (AgentException e)
        {
            throw new AgentException($"the table hydravisor_agents in {database} {e.Message}");
        }
    }

    // What a broken connection says of itself is another thing each time.
    private static string Why(Exception e) => e is PostgresException { IsTransient: false } told ? told.MessageText : "the database does not answer";

    private async Task<AgentReading?> ReadAsync(NpgsqlConnection connection, string? stamp, CancellationToken cancellation)
    {
        var command = new NpgsqlCommand(Select, connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stamp ?? "" });
            var rows = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                return !await rows.ReadAsync(cancellation).ConfigureAwait(false)
                    ? new AgentReading("", Parse(book: null, _database))
                    : rows.IsDBNull(1) ? null : new AgentReading(rows.GetString(0), Parse(rows.GetString(1), _database));
            }
        }
    }

    private async Task CommitAsync(NpgsqlTransaction transaction)
    {
        try
        {
            // No end from here on: who interrupts would not know on which side of it.
            await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (NodeClaim.IsOfDatabase(e))
        {
            throw new AgentException($"whether the agents in {_database} were changed is not known: {Why(e)}. To see it: hydravisor agent list");
        }
    }
}
