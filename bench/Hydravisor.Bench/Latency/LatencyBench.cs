using Hydravisor.Bench.Results;
using Hydravisor.Bench.State;
using Hydravisor.Bench.Wire;

namespace Hydravisor.Bench.Latency;

/// <summary>How long one query alone takes.</summary>
internal static class LatencyBench
{
    private const string Name = "latency";
    private const int QueriesPerRound = 2000;

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        await using var world = await OneVmNode.StartAsync();
        using var node = new SingleQueries(world.Node.Endpoint, world.Query);
        using var echo = new SingleQueries(world.Echo.Endpoint, world.Query);
        node.Time(5 * QueriesPerRound);
        echo.Time(QueriesPerRound);
        List<double[]> nodeRounds = [], echoRounds = [];
        for (var round = 0; round < rounds; round++)
        {
            nodeRounds.Add(node.Time(QueriesPerRound));
            echoRounds.Add(echo.Time(QueriesPerRound));
        }

        Measurement Of(string what, double share)
        {
            double[] values = [.. nodeRounds.Select(took => took.Percentile(share))];
            double[] peers = [.. echoRounds.Select(took => took.Percentile(share))];
            return new Measurement(Name, what, values.Median(), "µs")
            {
                Peer = "bare echo, another process",
                PeerValue = peers.Median(),
                Rounds = values,
                PeerRounds = peers,
            };
        }

        return [Of("one vm/state alone, p50", 0.5), Of("one vm/state alone, p99", 0.99)];
    }
}
