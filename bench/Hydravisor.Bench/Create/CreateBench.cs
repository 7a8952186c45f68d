using System.Diagnostics;
using Hydravisor.Bench.Results;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Create;

/// <summary>How long a real VM takes from the request to its guest's sign of life, against the same domain without a node.</summary>
internal static class CreateBench
{
    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        await using var world = await LibvirtNode.StartAsync();
        await using var connection = await world.Node.ConnectAsync();
        return [await MeasureAsync(world.Node, connection, world.Libvirt, rounds)];
    }

    private static async Task<Measurement> MeasureAsync(NodeUnderTest node, RawConnection connection, LibvirtConnection libvirt, int rounds)
    {
        // The first one warms both up, and is the model for the other side: it stays, suspended.
        var (_, model) = await CreateAsync(connection);
        (await connection.AskAsync($$"""{"type":"vm/suspend","instance_id":"{{model}}"}""")).MustBeOk("vm/suspend");
        await connection.BroadcastAsync(model, "suspended");
        var bare = BareDomain.Like(libvirt, InstanceId.Parse(model), Path.Combine(node.Data, "vms"));
        await bare.RunAsync(libvirt);
        List<double> byNode = [], byBinding = [];
        for (var round = 0; round < rounds; round++)
        {
            // Each side is first as often as second, so that a load that comes or goes meets both.
            if (round % 2 == 1)
            {
                byBinding.Add(await bare.RunAsync(libvirt));
            }

            var (took, id) = await CreateAsync(connection);
            byNode.Add(took);
            await DeleteAsync(connection, id);
            if (round % 2 == 0)
            {
                byBinding.Add(await bare.RunAsync(libvirt));
            }
        }

        await DeleteAsync(connection, model);
        return new Measurement("create", "vm/create (tiny) to running, libvirt", byNode.Median(), "s")
        {
            Peer = "the same domain by the binding alone",
            PeerValue = byBinding.Median(),
            Goal = Goal.RatioAtMost(1.15),
            Rounds = byNode,
            PeerRounds = byBinding,
        };
    }

    private static async Task<(double Seconds, string Id)> CreateAsync(RawConnection connection)
    {
        var from = Stopwatch.GetTimestamp();
        var created = await connection.AskAsync("""{"type":"vm/create","os":"tiny","ram":"128MB"}""");
        var id = created.MustBeOk("vm/create").Id();
        await connection.BroadcastAsync(id, "running");
        return (Stopwatch.GetElapsedTime(from).TotalSeconds, id);
    }

    private static async Task DeleteAsync(RawConnection connection, string id)
    {
        (await connection.AskAsync($$"""{"type":"vm/delete","instance_id":"{{id}}"}""")).MustBeOk("vm/delete");
        await connection.BroadcastAsync(id, "deleted");
    }
}
