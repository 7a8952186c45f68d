using System.Globalization;
using Hydravisor.Chaos.Checking;
using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.World;

/// <summary>Ends each node in order and starts it again, one after the other, as for a new version; the next one when all belong together again.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="nodes">The names of its nodes.</param>
/// <param name="look">Waits until all belong together.</param>
/// <param name="history">Whose clock counts.</param>
/// <param name="say">Told of each step.</param>
internal sealed class RollingRestart(ClusterScript cluster, IReadOnlyList<string> nodes, FinalLook look, History history, Action<string> say)
{
    // Clients go on with a node that is back before the next one ends.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TogetherMax = TimeSpan.FromMinutes(2);

    /// <summary>Carries it out.</summary>
    /// <returns>What must not be.</returns>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop)
    {
        var found = new List<Finding>();
        foreach (var node in nodes)
        {
            await Task.Delay(Rest, stop);
            foreach (var verb in (string[])["stop", "start"])
            {
                say(string.Create(CultureInfo.InvariantCulture, $"{history.Now:mm\\:ss\\.f} {verb} {node}"));
                await cluster.CheckedAsync(verb, node);
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(TogetherMax);
            found.AddRange(await look.UpAsync(limit.Token));
        }

        await Task.Delay(Rest, stop);
        return found;
    }
}
