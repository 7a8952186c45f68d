using System.Globalization;
using System.Net;
using Hydravisor.Actors.Journal;
using Npgsql;

namespace Hydravisor.Actors.Setup.Postgres;

/// <summary>A process's claim to be the node of a name: as long as it holds, the store lets it write that node's streams. Safe for all threads.</summary>
/// <remarks>
/// What counts is the epoch: each claim has the next one, and what is written under another is refused by the database itself. The lock that is held
/// beside it only keeps a second process from claiming the name of one that lives, and ends with the connection.
/// </remarks>
internal sealed class NodeClaim : IAsyncDisposable
{
    // A machine that vanishes is noticed by the server, and its lock goes.
    private const string NoticeTheDead = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";
    private const string LockKey = "hashtextextended(@node, 7412)";
    private const string TryLock = $"select pg_try_advisory_lock({LockKey})";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // A connection that was cut says nothing: neither an answer nor an error.
    private static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(5);

    private readonly JournalAddress.Database _database;
    private readonly string _node;
    private readonly TimeProvider _time;
    private readonly Action<string> _tell;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _watch;
    private NpgsqlConnection? _connection;
    private bool _holds = true;
    private volatile Answer _last;

    private NodeClaim(JournalAddress.Database database, string node, long epoch, NpgsqlConnection connection, TimeProvider time, Action<string> tell)
    {
        (_database, _node, Epoch, _connection, _time, _tell) = (database, node, epoch, connection, time, tell);
        Journal = database.WritingAs(node, epoch);
        _last = new Answer(time.GetTimestamp(), time.GetUtcNow(), HasFailed: false);
        _watch = WatchAsync();
    }

    /// <summary>The number of this claim: the next claim of the name has a greater one.</summary>
    public long Epoch { get; }

    /// <summary>The journal, for writing under this claim.</summary>
    public JournalAddress.Database Journal { get; }

    /// <summary>Since when the database has not answered; null: it answered a moment ago.</summary>
    public DateTimeOffset? SilentSince => _last is var last && (last.HasFailed || _time.GetElapsedTime(last.Stamp) > SilentAfter) ? last.At : null;

    /// <summary>Completed when the claim has ended, with the reason: another process is that node now, or the node was fenced.</summary>
    public Task<string> Ended => _ended.Task;

    /// <summary>Makes the database ready and claims a name.</summary>
    /// <param name="database">The database.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="waitMax">How long to wait for a process that has the name and may be dead.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tell">Told what an operator should know.</param>
    /// <param name="listens">Where the node listens for others of its cluster, for those to find it; null: it is by itself.</param>
    /// <exception cref="SettingException">The database cannot be used, or a process has the name.</exception>
    public static async Task<NodeClaim> TakeAsync(
        JournalAddress.Database database, string node, TimeSpan waitMax, TimeProvider time, Action<string> tell, IPEndPoint? listens = null)
    {
        var connection = await HoldAsync(database, node, waitMax, opened => PostgresSchema.PrepareAsync(opened, database.ToString()), default).ConfigureAwait(false);
        try
        {
            var epoch = await ClaimAsync(connection, node, listens).ConfigureAwait(false);
            return new NodeClaim(database, node, epoch, connection, time, tell);
        }
        catch (Exception e) when (IsOfDatabase(e))
        {
            await DropAsync(connection).ConfigureAwait(false);
            throw CannotBeUsed(database, e);
        }
        catch
        {
            await DropAsync(connection).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Holds a name without claiming it: as long as the connection is open no process begins that claims it.</summary>
    /// <param name="database">The database.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="waitMax">How long to wait for a process that has the name and may be dead.</param>
    /// <param name="prepare">What to do to the database before.</param>
    /// <param name="stop">Ends the waiting.</param>
    /// <exception cref="SettingException">The database cannot be used, or a process has the name.</exception>
    public static async Task<NpgsqlConnection> HoldAsync(
        JournalAddress.Database database, string node, TimeSpan waitMax, Func<NpgsqlConnection, Task> prepare, CancellationToken stop)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = await ConnectAsync(database, node, stop).ConfigureAwait(false);
            await prepare(connection).ConfigureAwait(false);
            await LockAsync(connection, database, node, waitMax, stop).ConfigureAwait(false);
            return connection;
        }
        catch (Exception e) when (IsOfDatabase(e))
        {
            await DropAsync(connection).ConfigureAwait(false);
            throw CannotBeUsed(database, e);
        }
        catch
        {
            await DropAsync(connection).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Whether it says that the database does not answer, or refuses.</summary>
    public static bool IsOfDatabase(Exception e) => e is NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException;

    /// <summary>The sentence for it.</summary>
    public static SettingException CannotBeUsed(JournalAddress.Database database, Exception e) => new($"the journal {database} cannot be used: {e.Message}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DropAsync(_connection).ConfigureAwait(false);
        _stop.Dispose();
    }

    private static async Task<NpgsqlConnection> ConnectAsync(JournalAddress.Database database, string node, CancellationToken stop)
    {
        var connection = (NpgsqlConnection)database.With(NoticeTheDead, $"hydravisor {node} claim").Connect();
        try
        {
            await connection.OpenAsync(stop).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await DropAsync(connection).ConfigureAwait(false);
            throw;
        }
    }

    private static async Task LockAsync(NpgsqlConnection connection, JournalAddress database, string node, TimeSpan waitMax, CancellationToken stop)
    {
        try
        {
            var milliseconds = Math.Max(1, (long)waitMax.TotalMilliseconds);
            await AskAsync(connection, string.Create(CultureInfo.InvariantCulture, $"set lock_timeout = {milliseconds}; select pg_advisory_lock({LockKey}); set lock_timeout = 0"), node, stop)
                .ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new SettingException(
                $"another process is the node '{node}' in {database}; two would write one journal. Stop it, or give this one another name (hydravisor.node.name) and data directory");
        }
    }

    private static async Task<long> ClaimAsync(NpgsqlConnection connection, string node, IPEndPoint? listens)
    {
        var command = new NpgsqlCommand("select hydravisor_claim($1, $2, $3)", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = node });
            // Where this process is, for those who look at the table.
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{Environment.MachineName} {Environment.ProcessId}" });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = listens?.ToString() });
            return (long)(await command.ExecuteScalarAsync().ConfigureAwait(false))!;
        }
    }

    private static async Task<object?> AskAsync(NpgsqlConnection connection, string sql, string node, CancellationToken stop)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddWithValue("node", node);
            return await command.ExecuteScalarAsync(stop).ConfigureAwait(false);
        }
    }

    private static ValueTask DropAsync(NpgsqlConnection? connection) => connection?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(LookEvery, _time);
        var trouble = false;
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                trouble = await LookAsync(trouble).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    // Whether the database could not be asked. While it cannot, nothing can be written either, and no claim ends by that.
    private async Task<bool> LookAsync(bool before)
    {
        try
        {
            if (_connection is null)
            {
                _connection = await ConnectAsync(_database, _node, _stop.Token).ConfigureAwait(false);
            }

            // The server may not have noticed yet that the connection before it is dead.
            _holds = _holds || await AskAsync(_connection, TryLock, _node, _stop.Token).ConfigureAwait(false) is true;

            var epoch = await AskAsync(_connection, "select epoch from hydravisor_node where name = @node", _node, _stop.Token).ConfigureAwait(false);
            if (epoch is not long now || now != Epoch)
            {
                _ended.TrySetResult($"this process's claim to be the node '{_node}' has ended: its epoch is {Epoch}, and the journal says {epoch ?? "nothing"}");
            }

            _last = new Answer(_time.GetTimestamp(), _time.GetUtcNow(), HasFailed: false);
            if (before)
            {
                _tell($"the journal {_database} answers again");
            }

            return false;
        }
        catch (Exception e) when (IsOfDatabase(e))
        {
            await DropAsync(_connection).ConfigureAwait(false);
            (_connection, _holds, _last) = (null, false, _last with { HasFailed = true });
            if (!before)
            {
                _tell($"the journal {_database} does not answer, and nothing can be changed until it does: {e.Message}");
            }

            return true;
        }
    }

    // The last time that the database answered, and whether it could not be asked since.
    private sealed record Answer(long Stamp, DateTimeOffset At, bool HasFailed);
}
