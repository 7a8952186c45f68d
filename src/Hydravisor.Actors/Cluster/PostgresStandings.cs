using System.Net;

namespace Hydravisor.Actors.Cluster;

/// <summary>The claims of nodes in the database that holds the journal: see docs/decisions/0016-who-may-write-is-settled-in-the-store.md.</summary>
/// <param name="store">The database, for this process to write as its node.</param>
/// <param name="node">The node's name.</param>
internal sealed class PostgresStandings(SharedStore store, string node) : IStandings
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<IPEndPoint>> EldersAsync() =>
        await store.AskAsync("select * from hydravisor_elders($1)", row => IPEndPoint.Parse(row.GetString(0)), node).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task FenceAsync(string lost, long epoch) => store.AskAsync("select hydravisor_fence($1, $2)", _ => 0, lost, epoch);
}
