using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Npgsql;

namespace Hydravisor.Actors.Tests.Access.Agents;

/// <summary>Agents in a database that nodes share.</summary>
[Collection(PostgresTests.Name)]
public sealed class PostgresAgentsTests(PostgresServer server) : AgentStoreContract
{
    private readonly JournalAddress.Database _database = server.CreateDatabase();
    private readonly RungTime _time = new();
    private readonly ConcurrentQueue<string> _reports = new();
    private readonly Channel<AgentBook> _changes = Channel.CreateUnbounded<AgentBook>();

    private protected override IAgentStore Open() => new PostgresAgents(_database);

    [Fact]
    public async Task A_node_knows_of_what_was_changed_through_another_by_its_next_look()
    {
        var key = AgentKey.New(Now);
        await AddAsync(key);
        await using var watch = await WatchAsync();
        await watch.StartAsync();
        Assert.NotNull(watch.Book.Find(key.Fingerprint, Now));

        await Open().ChangeAsync(book => book.Freeze(key.Fingerprint, Now));
        Assert.NotNull((await RungAsync()).Get(key.Fingerprint)!.FrozenAt);
        await Open().ChangeAsync(book => book.Revoke(key.Fingerprint, Now));
        Assert.Null((await RungAsync()).Find(key.Fingerprint, Now));
        Assert.Equal(TimeSpan.FromSeconds(1), _time.Period);
    }

    [Fact]
    public async Task What_somebody_changes_by_hand_is_noticed()
    {
        await AddAsync(AgentKey.New(Now));
        await using var watch = await WatchAsync();
        PostgresServer.Execute(_database, "update hydravisor_agents set book = replace(book, 'trusted', 'audited'), version = 1");

        await watch.LookAsync();

        Assert.Equal(["audited"], watch.Book.Agents[0].Roles);
    }

    [Fact]
    public async Task While_the_database_cannot_be_asked_the_agents_stay_in_force_and_nothing_is_changed()
    {
        var key = AgentKey.New(Now);
        await AddAsync(key);
        await using var watch = await WatchAsync();
        Closed(isClosed: true);
        try
        {
            for (var look = 0; look < 4; look++)
            {
                await watch.LookAsync();
            }

            // That a connection was ended, and then that there is none to be had.
            Assert.NotNull(watch.Book.Find(key.Fingerprint, Now));
            Assert.InRange(_reports.Count, 1, 2);
            Assert.All(_reports, told => Assert.Matches($"the agents in {Regex.Escape(_database.ToString())} cannot be read: .* stay in force", told));
            Assert.Contains("Nothing was changed", (await Assert.ThrowsAsync<AgentException>(() => AddAsync(AgentKey.New(Now)))).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<AgentException>(() => Open().ReadAsync());
        }
        finally
        {
            Closed(isClosed: false);
        }

        await Open().ChangeAsync(book => book.Revoke(key.Fingerprint, Now));
        await watch.LookAsync();
        Assert.Null(watch.Trouble);
        Assert.Null(watch.Book.Find(key.Fingerprint, Now));
    }

    [Theory]
    [InlineData("update hydravisor_agents set book = '{'", "is damaged")]
    [InlineData("delete from hydravisor_agents", "has no row")]
    public async Task What_cannot_be_understood_changes_nothing_and_is_not_written_over(string sql, string said)
    {
        var key = AgentKey.New(Now);
        await AddAsync(key);
        await using var watch = await WatchAsync();
        PostgresServer.Execute(_database, sql);

        await watch.LookAsync();

        Assert.NotNull(watch.Book.Find(key.Fingerprint, Now));
        Assert.Contains(said, Assert.Single(_reports), StringComparison.Ordinal);
        Assert.Contains(said, (await Assert.ThrowsAsync<AgentException>(() => AddAsync(AgentKey.New(Now)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_of_another_version_are_refused()
    {
        await AddAsync(AgentKey.New(Now));
        PostgresServer.Execute(_database, "update hydravisor_schema set version = 99");

        Assert.Contains("version 99", (await Assert.ThrowsAsync<SettingException>(() => Open().ReadAsync())).Message, StringComparison.Ordinal);
        Assert.Contains("version 99", (await Assert.ThrowsAsync<SettingException>(() => AddAsync(AgentKey.New(Now)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_waits_for_another_process_can_be_told_to_stop()
    {
        await AddAsync(AgentKey.New(Now));
        await using var other = (NpgsqlConnection)_database.Connect();
        await other.OpenAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await PostgresAgents.ChangeAsync(other, _database, book => book, CancellationToken.None);
        using var stop = new CancellationTokenSource();

        var change = Open().ChangeAsync(book => book.Add(Agent.New(AgentKey.New(Now), ["trusted"], null)), stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.For(change, "the end of the wait"));
        Assert.Single((await Store.ReadAsync()).Agents);
    }

    [Fact]
    public async Task Who_changed_them_last_stands_beside_them()
    {
        await AddAsync(AgentKey.New(Now));

        await using var connection = (NpgsqlConnection)_database.Connect();
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select version || ' ' || changed_by from hydravisor_agents", connection);
        Assert.Equal($"1 {Environment.UserName}@{Environment.MachineName} {Environment.ProcessId}", await command.ExecuteScalarAsync());
    }

    private void Closed(bool isClosed)
    {
        var name = new NpgsqlConnectionStringBuilder(_database.Text).Database;
        var postgres = new JournalAddress.Database(new NpgsqlConnectionStringBuilder(_database.Text) { Database = "postgres" }.ConnectionString);
        PostgresServer.Execute(postgres, $"alter database {name} allow_connections {(isClosed ? "false" : "true")}");
        PostgresServer.Execute(postgres, $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
    }

    private async Task<AgentWatch> WatchAsync()
    {
        var watch = await AgentWatch.OpenAsync(Open(), _time, _reports.Enqueue);
        watch.Changed += (_, now) => _changes.Writer.TryWrite(now);
        return watch;
    }

    private Task<AgentBook> RungAsync()
    {
        _time.Ring();
        return Wait.For(_changes.Reader.ReadAsync().AsTask(), "a change of the agents");
    }
}
