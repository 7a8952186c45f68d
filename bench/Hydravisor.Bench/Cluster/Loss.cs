using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hydravisor.Bench.Results;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Cluster;

/// <summary>How long it takes until who follows at another node hears that the VMs of a dead node cannot be reached, and until those that are to be started elsewhere run there.</summary>
internal static class Loss
{
    private const int Dead = 3;
    private const int Follower = 1;
    private const int Vms = 100;

    // What scripts/cluster sets, and what a node has that is told nothing.
    private static readonly int[] FailAfterSeconds = [6, 3];

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(string bench, MachineCluster cluster, int rounds)
    {
        var (ids, _, _) = await VmLoad.CreateAsync([MachineCluster.EndpointOf(Dead)], Vms, Vms, $$""","placement":{"node":"{{MachineCluster.NameOf(Dead)}}"}""");
        var measured = new List<Measurement>();
        foreach (var failAfter in FailAfterSeconds)
        {
            if (failAfter != FailAfterSeconds[0])
            {
                await cluster.ReconfigureAsync(conf => conf.Replace($"fail-after = {FailAfterSeconds[0]}s", $"fail-after = {failAfter}s", StringComparison.Ordinal));
            }

            List<double> first = [], all = [], back = [];
            for (var round = 0; round < rounds; round++)
            {
                var took = await RoundAsync(cluster);
                first.Add(took.First);
                all.Add(took.All);
                back.Add(took.Back);
            }

            Measurement Of(string what, List<double> took) =>
                new(bench, string.Create(CultureInfo.InvariantCulture, $"{what}, fail-after {failAfter} s"), took.Median(), "s") { Rounds = took };
            measured.AddRange([
                Of("kill -9 of a node to the first of its VMs broadcast as unreachable", first),
                Of($"the same to the last of {Vms}", all),
                Of("start of that node to the last of them broadcast as running", back),
            ]);
        }

        await VmLoad.DeleteAsync(MachineCluster.EndpointOf(Follower), ids);
        measured.AddRange(await RestartsAsync(bench, cluster, rounds));
        return measured;
    }

    // Each round makes them anew: where they run afterwards is chance.
    private static async Task<IReadOnlyList<Measurement>> RestartsAsync(string bench, MachineCluster cluster, int rounds)
    {
        List<double> first = [], all = [];
        for (var round = 0; round < rounds; round++)
        {
            var (ids, _, _) = await VmLoad.CreateAsync(
                [MachineCluster.EndpointOf(Dead)], Vms, Vms, $$""","on_node_loss":"restart","placement":{"node":"{{MachineCluster.NameOf(Dead)}}"}""");
            using (var follower = Follow())
            {
                var begun = await KillAsync(cluster);
                var (left, since) = (Vms, 0.0);
                await HearAsync(follower, line =>
                {
                    if (line.Text("state") == "running" && line.Text("node") != MachineCluster.NameOf(Dead))
                    {
                        since = left-- == Vms ? Stopwatch.GetElapsedTime(begun).TotalSeconds : since;
                    }

                    return left == 0;
                });
                first.Add(since);
                all.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            }

            await cluster.StartNodeAsync(Dead);
            await VmLoad.DeleteAsync(MachineCluster.EndpointOf(Follower), ids);
        }

        Measurement Of(string what, List<double> took) =>
            new(bench, string.Create(CultureInfo.InvariantCulture, $"{what}, fail-after {FailAfterSeconds[^1]} s"), took.Median(), "s") { Rounds = took };
        return
        [
            Of("kill -9 of a node to the first of its VMs with on_node_loss restart running on another", first),
            Of($"the same to the last of {Vms}", all),
        ];
    }

    private static LineConnection Follow()
    {
        var follower = new LineConnection(MachineCluster.EndpointOf(Follower));
        follower.Send("""{"type":"vm/state","instance_id":"*","subscribe":true}""");
        follower.Run(line => line.Type() == "vm/state" && line.Id() == "*");
        return follower;
    }

    private static async Task<long> KillAsync(MachineCluster cluster)
    {
        using var process = await cluster.ProcessAsync(Dead);
        var begun = Stopwatch.GetTimestamp();
        process.Kill();
        return begun;
    }

    private static async Task<(double First, double All, double Back)> RoundAsync(MachineCluster cluster)
    {
        using var follower = Follow();
        var begun = await KillAsync(cluster);
        var (first, left) = (0.0, Vms);
        await HearAsync(follower, line =>
        {
            if (line.Text("state") == "unreachable")
            {
                first = left-- == Vms ? Stopwatch.GetElapsedTime(begun).TotalSeconds : first;
            }

            return left == 0;
        });
        var all = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        begun = Stopwatch.GetTimestamp();
        var starting = cluster.StartNodeAsync(Dead);
        left = Vms;
        await HearAsync(follower, line => (left -= line.Text("previous") == "unreachable" && line.Text("state") == "running" ? 1 : 0) == 0);
        var back = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await starting;
        return (first, all, back);
    }

    private static Task HearAsync(LineConnection follower, Func<JsonElement, bool> isLast) => Task.Factory.StartNew(() => follower.Run(isLast), TaskCreationOptions.LongRunning);
}
