using Hydravisor.Bench.Results;

namespace Hydravisor.Bench.Scale;

/// <summary>How placement and directory grow with nodes and VMs, up to a thousand and a hundred thousand, simulated in this process.</summary>
internal static class ScaleBench
{
    private const string Name = "scale";
    private static readonly int[] Nodes = [10, 100, 1_000];

    private static readonly ClusterSize[] Sizes =
    [
        // The first only for the compilers.
        new(100, 10_000), new(10, 1_000), new(100, 10_000), new(1_000, 100_000), new(1_000, 1_000), new(10, 100_000),
    ];

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        List<Measurement> measured = [.. Nodes.SelectMany(nodes => NodeCosts.Measure(Name, nodes, rounds)), .. NodeCosts.MeasureAnswer(Name, rounds)];
        foreach (var (at, size) in Sizes.Index())
        {
            var costs = await ClusterCosts.MeasureAsync(Name, size, rounds);
            measured.AddRange(at == 0 ? [] : costs);
        }

        measured.Add(await ClusterCosts.OverflowAsync(Name, new ClusterSize(1_000, 100_000)));
        measured.Add(await ClusterCosts.OverflowAsync(Name, new ClusterSize(1_000, 110_000)));
        return measured;
    }
}
