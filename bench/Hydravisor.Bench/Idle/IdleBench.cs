using Hydravisor.Bench.Results;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Idle;

/// <summary>The memory of a node that has nothing to do.</summary>
internal static class IdleBench
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync()
    {
        await using var node = new NodeUnderTest(NodeOptions.Usual);
        await node.StartAsync();
        await Task.Delay(Rest);
        return
        [
            new Measurement("idle", "resident memory of a node without VMs, 10 s after its start", node.ResidentBytes / 1048576.0, "MiB")
            {
                Goal = Goal.AtMost(150),
            },
        ];
    }
}
