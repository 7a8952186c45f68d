using Hydravisor.Bench.Results;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Cluster;

/// <summary>The same load on a node by itself with a journal in PostgreSQL, and on one with a file.</summary>
internal static class Journals
{
    private const string Peer = "the same with a file (SQLite)";
    private const int Vms = 64;
    private const int Creations = 300;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(string bench, int rounds)
    {
        using var directory = new TestDirectory();
        var server = Path.Combine(directory.Path, "postgresql");
        var script = Checkout.Script("postgres");
        try
        {
            var uri = (await Run.CheckedAsync(script, "start", server)).Trim();
            await using var database = await Side.StartAsync($"hydravisor.journal.postgresql = \"{uri}\"");
            await using var file = await Side.StartAsync("");
            for (var round = 0; round <= rounds; round++)
            {
                await database.RoundAsync();
                await file.RoundAsync();
            }

            Measurement Of(string what, string unit, Func<Side, List<double>> of) => new(bench, what + ", journal in PostgreSQL", of(database)[1..].Median(), unit)
            {
                Peer = Peer,
                PeerValue = of(file)[1..].Median(),
                Rounds = of(database)[1..],
                PeerRounds = of(file)[1..],
            };
            return
            [
                Of("vm/create acknowledged, 64 at once", "/s", side => side.CreateRate),
                Of("vm/suspend to suspended and vm/resume to running, 64 VMs at once", "/s", side => side.CycleRate),
                Of("the same, one alone, p50", "ms", side => side.Cycle),
            ];
        }
        finally
        {
            await Run.CheckedAsync(script, "remove", server);
        }
    }

    private sealed class Side(NodeUnderTest node) : IAsyncDisposable
    {
        public List<double> CreateRate { get; } = [];

        public List<double> CycleRate { get; } = [];

        public List<double> Cycle { get; } = [];

        public static async Task<Side> StartAsync(string conf)
        {
            var node = new NodeUnderTest(new NodeOptions { Conf = conf });
            await node.StartAsync();
            return new Side(node);
        }

        public async Task RoundAsync()
        {
            var (ids, acknowledged, _) = await VmLoad.CreateAsync([node.Endpoint], Creations, Vms);
            CreateRate.Add(acknowledged);
            CycleRate.Add((await VmLoad.CycleAsync(node.Endpoint, ids[..Vms], Round)).Rate);
            Cycle.Add((await VmLoad.CycleAsync(node.Endpoint, ids[..1], Round)).Took.Median());
            await VmLoad.DeleteAsync(node.Endpoint, ids);
        }

        public ValueTask DisposeAsync() => node.DisposeAsync();
    }
}
