using System.Diagnostics;
using System.Net;
using Hydravisor.Bench.Results;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Replay;

/// <summary>How long a node takes that has many VMs until it serves, and what memory each of them holds.</summary>
internal static class ReplayBench
{
    private const string Name = "replay";
    private const string Serving = "serving on ";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int vms, int rounds)
    {
        List<double> empty = [], serving = [], listed = [], busy = [], emptyBusy = [];
        for (var round = 0; round < rounds; round++)
        {
            var without = await StartAsync(0);
            empty.Add(without.Serving);
            emptyBusy.Add(without.Busy);
            var times = await StartAsync(vms);
            busy.Add(times.Busy);
            serving.Add(times.Serving);
            listed.Add(times.Listed);
        }

        var heap = await HeapBench.BytesPerVmAsync(vms);
        return
        [
            new Measurement(Name, $"process start to \"serving on\", {vms} VMs", serving.Median(), "s")
            {
                Peer = "the same without VMs", PeerValue = empty.Median(), Rounds = serving, PeerRounds = empty,
            },
            new Measurement(Name, $"process start to a vm/list of all {vms}", listed.Median(), "s")
            {
                Peer = "serving, without VMs", PeerValue = empty.Median(), Goal = Goal.AtMost(10), Rounds = listed, PeerRounds = empty,
            },
            new Measurement(Name, "processor time of the node until then", busy.Median(), "s")
            {
                Peer = "the same without VMs", PeerValue = emptyBusy.Median(), Rounds = busy, PeerRounds = emptyBusy,
            },
            new Measurement(Name, "managed heap of an idle VM", heap / 1024, "KiB") { Goal = Goal.AtMost(8) },
        ];
    }

    private static async Task<(double Serving, double Listed, double Busy)> StartAsync(int vms)
    {
        await using var node = new NodeUnderTest(NodeOptions.Usual);
        WrittenNode.Write(node.Data, vms, withDomains: true);
        var clock = Stopwatch.StartNew();
        node.Launch();
        var said = await node.Output.LineAsync(line => line.StartsWith(Serving, StringComparison.Ordinal)).WaitAsync(Limit);
        var serving = clock.Elapsed.TotalSeconds;
        await using var connection = await RawConnection.OpenAsync(IPEndPoint.Parse(said[Serving.Length..]), () => node.Output.Tail);
        var list = await connection.AskAsync("""{"type":"vm/list","state":"running"}""");
        Assert.Equal(vms, list.GetProperty("instances").GetArrayLength());
        var listed = clock.Elapsed.TotalSeconds;
        using var process = Process.GetProcessById(node.ProcessId);
        return (serving, listed, process.TotalProcessorTime.TotalSeconds);
    }
}
