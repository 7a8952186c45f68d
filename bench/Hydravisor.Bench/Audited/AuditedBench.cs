using System.Diagnostics;
using Hydravisor.Bench.Results;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Audited;

/// <summary>What it costs that a role is audited: changes of a VM, and reads, on two nodes of which one audits.</summary>
internal static class AuditedBench
{
    private const string Name = "audited";
    private const int CyclesPerRound = 100;

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        await using var audited = await Side.StartAsync("hydravisor.policy.roles.trusted.audited = on");
        await using var plain = await Side.StartAsync("");
        await audited.ChangeAsync();
        await plain.ChangeAsync();
        List<double> changes = [], plainChanges = [], reads = [], plainReads = [];
        for (var round = 0; round < rounds; round++)
        {
            changes.Add(await audited.ChangeAsync());
            plainChanges.Add(await plain.ChangeAsync());
            reads.Add(await audited.ReadAsync());
            plainReads.Add(await plain.ReadAsync());
        }

        return
        [
            new Measurement(Name, "vm/suspend to suspended, vm/resume to running, in an audited role", changes.Median(), "µs")
            {
                Peer = "the same in a role that is not", PeerValue = plainChanges.Median(), Goal = Goal.RatioAtMost(1.1), Rounds = changes, PeerRounds = plainChanges,
            },
            new Measurement(Name, "one vm/state alone, in an audited role", reads.Median(), "µs")
            {
                Peer = "the same in a role that is not", PeerValue = plainReads.Median(), Rounds = reads, PeerRounds = plainReads,
            },
        ];
    }

    private sealed class Side(NodeUnderTest node, RawConnection connection, string id) : IAsyncDisposable
    {
        public static async Task<Side> StartAsync(string conf)
        {
            var node = new NodeUnderTest(new NodeOptions { Conf = conf });
            await node.StartAsync();
            var connection = await node.ConnectAsync();
            return new Side(node, connection, await connection.CreateRunningAsync());
        }

        /// <summary>The time of one change, in microseconds.</summary>
        public async Task<double> ChangeAsync()
        {
            var begun = Stopwatch.GetTimestamp();
            for (var cycle = 0; cycle < CyclesPerRound; cycle++)
            {
                await connection.BringAsync("vm/suspend", id, "suspended");
                await connection.BringAsync("vm/resume", id, "running");
            }

            return Stopwatch.GetElapsedTime(begun).TotalMicroseconds / CyclesPerRound;
        }

        /// <summary>The time of one read, in microseconds.</summary>
        public async Task<double> ReadAsync()
        {
            var begun = Stopwatch.GetTimestamp();
            for (var read = 0; read < CyclesPerRound; read++)
            {
                await connection.StateAsync(id);
            }

            return Stopwatch.GetElapsedTime(begun).TotalMicroseconds / CyclesPerRound;
        }

        public async ValueTask DisposeAsync()
        {
            await connection.DisposeAsync();
            await node.DisposeAsync();
        }
    }
}
