using System.Text;
using Hydravisor.Bench.Results;
using Hydravisor.Bench.Wire;

namespace Hydravisor.Bench.Cluster;

/// <summary>What it costs that the node that is asked is not the VM's own.</summary>
internal static class Distance
{
    private const string Peer = "the same through the VM's own node";
    private const int Own = 1;
    private const int Foreign = 2;
    private const int QueriesPerRound = 1_000;
    private const int Connections = 8;
    private const int Window = 256;
    private const int ManyVms = 64;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(string bench, MachineCluster cluster, int rounds)
    {
        var (ids, _, _) = await VmLoad.CreateAsync([MachineCluster.EndpointOf(Own)], ManyVms, ManyVms, $$""","placement":{"node":"{{MachineCluster.NameOf(Own)}}"}""");
        var own = new Sides();
        var foreign = new Sides();
        for (var round = 0; round <= rounds; round++)
        {
            await own.RoundAsync(Own, ids);
            await foreign.RoundAsync(Foreign, ids);
        }

        await VmLoad.DeleteAsync(MachineCluster.EndpointOf(Own), ids);
        Measurement Of(string what, string unit, Goal? goal, Func<Sides, List<double>> of) => new(bench, what + ", through another node", of(foreign)[1..].Median(), unit)
        {
            Peer = Peer,
            PeerValue = of(own)[1..].Median(),
            Goal = goal,
            Rounds = of(foreign)[1..],
            PeerRounds = of(own)[1..],
        };
        return
        [
            Of("one vm/state alone, p50", "µs", Goal.RatioAtMost(2), side => side.Query),
            Of("vm/state, 8 connections, window 256", "/s", Goal.RatioAtLeast(0.5), side => side.QueryRate),
            Of("one vm/suspend to suspended and vm/resume to running alone, p50", "ms", Goal.RatioAtMost(2), side => side.Cycle),
            Of("the same, 64 VMs at once", "/s", Goal.RatioAtLeast(0.5), side => side.CycleRate),
        ];
    }

    private sealed class Sides
    {
        public List<double> Query { get; } = [];

        public List<double> QueryRate { get; } = [];

        public List<double> Cycle { get; } = [];

        public List<double> CycleRate { get; } = [];

        public async Task RoundAsync(int node, List<string> ids)
        {
            var endpoint = MachineCluster.EndpointOf(node);
            var query = Encoding.UTF8.GetBytes($$"""{"type":"vm/state","instance_id":"{{ids[0]}}","query":true}""" + "\n");
            using (var single = new SingleQueries(endpoint, query))
            {
                Query.Add(single.Time(QueriesPerRound).Median());
            }

            QueryRate.Add(await new PipelinedLoad(endpoint, query, Connections, Window).RunAsync(WarmUp, Round));
            Cycle.Add((await VmLoad.CycleAsync(endpoint, ids[..1], Round)).Took.Median());
            CycleRate.Add((await VmLoad.CycleAsync(endpoint, ids, Round)).Rate);
        }
    }
}
