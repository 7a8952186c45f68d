using Hydravisor.Bench.Results;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Logs;

/// <summary>What a guest says, to many who follow it, against NATS with one publisher and as many subscribers.</summary>
/// <param name="nats">The peer.</param>
/// <param name="node">The node; null: NATS is measured alone.</param>
internal sealed class LogsBench(NatsSide nats, GuestSide? node)
{
    private const string Name = "logs";
    private const string Peer = "nats-server 2.9, without persistence";
    private const int LatencyRoundsMax = 3;
    private const int Readers = 980;
    private const int Stalled = 20;
    private static readonly int[] Counts = [100, 1000];

    // As many connections as are needed; and subscribers that count and say nothing are silent for long.
    private const string Conf = """
        hydravisor.gateway.connections-max = 2048
        hydravisor.gateway.connections-per-address-max = 2048
        hydravisor.session.heartbeat-interval = 10m
        """;

    /// <summary>Measures.</summary>
    /// <param name="rounds">How many rounds, each of both sides.</param>
    /// <param name="peerAlone">Whether to measure NATS only: what the machine gives to it.</param>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds, bool peerAlone = false)
    {
        using var server = await NatsServer.StartAsync();
        using var nats = new NatsSide(server);
        if (peerAlone)
        {
            var alone = new LogsBench(nats, null);
            return [.. await alone.DeliveryAsync(rounds), .. alone.Latency(rounds)];
        }

        await using var host = new NodeUnderTest(new NodeOptions { Conf = Conf });
        await host.StartAsync();
        await using var connection = await host.ConnectAsync();
        var id = (await connection.AskAsync("""{"type":"vm/create","os":"tiny","ram":"128MB"}""")).MustBeOk("vm/create").Id();
        await connection.BroadcastAsync(id, "running");
        using var guest = new GuestSide(host.Endpoint, id, Path.Combine(host.Data, "vms", id, "log.0"));
        var both = new LogsBench(nats, guest);
        return
        [
            .. await both.DeliveryAsync(rounds), await StalledAsync(guest, rounds), .. both.Latency(rounds),
            await StorageAsync(guest, connection, id, rounds),
        ];
    }

    private static async Task<Measurement> StalledAsync(Side guest, int rounds)
    {
        List<double> with = [], without = [];
        for (var round = 0; round < 2 * rounds; round++)
        {
            // In the order with, without, without, with, and so on.
            var isWith = round % 4 is 0 or 3;
            (isWith ? with : without).Add((await Delivery.RunAsync(guest, Readers, isWith ? Stalled : 0)).LinesPerSecond);
        }

        return new Measurement(Name, $"lines of 100 bytes delivered, 1 VM to {Readers} who read and {Stalled} who never do", with.Median(), "/s")
        {
            Peer = $"the {Readers} alone",
            PeerValue = without.Median(),
            Rounds = with,
            PeerRounds = without,
            Goal = Goal.RatioAtLeast(0.9),
        };
    }

    private static async Task<Measurement> StorageAsync(Side guest, RawConnection connection, string id, int rounds)
    {
        List<double> rates = [];
        for (var round = 0; round < rounds; round++)
        {
            rates.Add(await Storage.RunAsync(guest, connection, id));
        }

        return new Measurement(Name, "lines of 100 bytes stored, nobody follows", rates.Median(), "/s") { Rounds = rates };
    }

    private async Task<List<Measurement>> DeliveryAsync(int rounds)
    {
        List<Measurement> all = [];
        foreach (var count in Counts)
        {
            List<Delivered> ours = [], theirs = [];
            for (var round = 0; round < rounds; round++)
            {
                // Each side is first as often as second, so that a load that comes or goes meets both.
                if (node is not null && round % 2 == 0)
                {
                    ours.Add(await Delivery.RunAsync(node, count));
                }

                theirs.Add(await Delivery.RunAsync(nats, count));
                if (node is not null && round % 2 == 1)
                {
                    ours.Add(await Delivery.RunAsync(node, count));
                }
            }

            Measurement Of(string what, string unit, Func<Delivered, double> value) =>
                this.Of($"{what}, 1 VM to {count:N0} subscribers", unit, [.. ours.Select(value)], [.. theirs.Select(value)]);
            all.Add(Of("lines of 100 bytes delivered", "/s", each => each.LinesPerSecond) with { Goal = node is null ? null : Goal.RatioAtLeast(1.5) });
            all.Add(Of("their text", "MB/s", each => each.LinesPerSecond * LogLine.Length / 1e6));
            all.Add(Of("processors that the subscribers used", "", each => each.ReadersShare));
        }

        return all;
    }

    private IEnumerable<Measurement> Latency(int rounds)
    {
        List<double[]> ours = [], theirs = [];
        for (var round = 0; round < Math.Min(rounds, LatencyRoundsMax); round++)
        {
            if (node is not null)
            {
                ours.Add(SingleLines.Run(node));
            }

            theirs.Add(SingleLines.Run(nats));
        }

        Measurement Of(string which, double share) => this.Of(
            $"one line from its write to its receipt, 100 a second, {which}",
            "µs",
            [.. ours.Select(took => took.Percentile(share))],
            [.. theirs.Select(took => took.Percentile(share))]);
        yield return Of("p50", 0.5);
        yield return Of("p99", 0.99);
    }

    private Measurement Of(string what, string unit, double[] ours, double[] theirs) => node is null
        ? new Measurement(Name, $"{Peer}: {what}", theirs.Median(), unit) { Rounds = theirs }
        : new Measurement(Name, what, ours.Median(), unit) { Peer = Peer, PeerValue = theirs.Median(), Rounds = ours, PeerRounds = theirs };
}
