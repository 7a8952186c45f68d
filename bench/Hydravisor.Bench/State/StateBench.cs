using Hydravisor.Bench.Results;
using Hydravisor.Bench.Wire;

namespace Hydravisor.Bench.State;

/// <summary>How many states of a VM one node tells in a second.</summary>
internal static class StateBench
{
    private const string Name = "state";
    private const int Connections = 8;
    private const int Window = 256;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        await using var world = await OneVmNode.StartAsync();
        using var domain = new IdleDomain();
        Task<double> Node() => new PipelinedLoad(world.Node.Endpoint, world.Query, Connections, Window).RunAsync(WarmUp, Round);
        Task<double> Echo() => new PipelinedLoad(world.Echo.Endpoint, world.Query, Connections, Window).RunAsync(WarmUp, Round);

        // Once for the compilers of all.
        await Node();
        await Echo();
        domain.Run(WarmUp);
        List<double> node = [], libvirt = [], echo = [];
        for (var round = 0; round < rounds; round++)
        {
            node.Add(await Node());
            libvirt.Add(domain.Run(Round / 2));
            echo.Add(await Echo());
        }

        return
        [
            new Measurement(Name, "vm/state, 8 connections, window 256", node.Median(), "/s") { Goal = Goal.AtLeast(300_000), Rounds = node },
            new Measurement(Name, "vm/state", node.Median(), "/s")
            {
                Peer = "virDomainGetState, one connection", PeerValue = libvirt.Median(), Goal = Goal.RatioAtLeast(10), Rounds = node, PeerRounds = libvirt,
            },
            new Measurement(Name, "vm/state", node.Median(), "/s")
            {
                Peer = "pipelines echo of the same sizes", PeerValue = echo.Median(), Rounds = node, PeerRounds = echo,
            },
        ];
    }
}
