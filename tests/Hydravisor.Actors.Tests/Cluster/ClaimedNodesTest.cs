using System.Net;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Npgsql;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>A test over a database of its own, in which processes claim to be nodes. What it opened is closed when it ends.</summary>
public abstract class ClaimedNodesTest(PostgresServer server) : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _open = [];

    /// <summary>The database.</summary>
    private protected JournalAddress.Database Database { get; } = server.CreateDatabase();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var each in Enumerable.Reverse(_open))
        {
            await each.DisposeAsync();
        }
    }

    /// <summary>A process becomes a node.</summary>
    private protected async Task<(NodeClaim Claim, SharedStore Store)> TakeAsync(string node, string? listens)
    {
        var claim = await NodeClaim.TakeAsync(Database, node, TimeSpan.Zero, TimeProvider.System, _ => { }, listens is null ? null : IPEndPoint.Parse(listens));
        var store = new SharedStore(claim.Journal);
        _open.AddRange([claim, store]);
        return (claim, store);
    }

    /// <summary>The process of a node ends.</summary>
    private protected async Task LeaveAsync(NodeClaim claim, string node)
    {
        _open.Remove(claim);
        await claim.DisposeAsync();

        // The server hears of it a moment later.
        await Wait.Until(() => Ask<long>("select count(*) from pg_stat_activity where datname = current_database() and application_name = $1", $"hydravisor {node} claim") == 0, "the process is gone");
    }

    /// <summary>What the owner of the database sees.</summary>
    private protected T Ask<T>(string sql, params object[] arguments)
    {
        using var connection = (NpgsqlConnection)Database.Connect();
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(arguments.Select(argument => new NpgsqlParameter { Value = argument }).ToArray());
        return (T)command.ExecuteScalar()!;
    }
}
