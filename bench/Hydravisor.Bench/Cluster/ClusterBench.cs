using Hydravisor.Bench.Results;

namespace Hydravisor.Bench.Cluster;

/// <summary>Three real nodes on this machine: what the way to another node costs, how fast they make VMs, when a dead one is noticed; and what a journal in PostgreSQL costs.</summary>
internal static class ClusterBench
{
    private const string Name = "cluster";

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        List<Measurement> measured = [.. await Journals.MeasureAsync(Name, rounds)];
        await using var cluster = await MachineCluster.StartAsync();
        measured.AddRange(await Distance.MeasureAsync(Name, cluster, rounds));
        measured.AddRange(await Creations.MeasureAsync(Name, cluster, rounds));
        measured.AddRange(await Loss.MeasureAsync(Name, cluster, rounds));
        return measured;
    }
}
