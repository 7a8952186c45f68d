using System.Net;
using System.Net.Sockets;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Faults;

/// <summary>Agents that come back while their node is still starting.</summary>
public class KnockTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const int Starts = 4;
    private const int Agents = 16;

    [Fact]
    public async Task Who_knocks_at_the_very_moment_at_which_a_node_begins_to_listen_is_served()
    {
        // A port below those that the system gives to who connects: who knocks at one of these again and again ends up connected to itself.
        var at = new IPEndPoint(new IPAddress([127, 77, (byte)(Environment.ProcessId / 250 % 250), (byte)(1 + (Environment.ProcessId % 250))]), 7411);
        var node = NewNode(new NodeOptions { Listen = at.ToString() });
        for (var start = 0; start < Starts; start++)
        {
            node.Launch();
            await Task.WhenAll([node.ServingAsync(), .. Enumerable.Range(0, Agents).Select(_ => ListAsync(at, node))]);
            await node.KillAsync();
        }
    }

    private static async Task ListAsync(IPEndPoint at, NodeUnderTest node)
    {
        await using var connection = await KnockAsync(at, node);
        (await connection.AskAsync("""{"type":"vm/list"}""")).MustBeOk("vm/list");
    }

    private static async Task<RawConnection> KnockAsync(IPEndPoint at, NodeUnderTest node)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            try
            {
                return await RawConnection.OpenAsync(at, () => node.Output.Tail);
            }
            catch (SocketException) when (!limit.IsCancellationRequested)
            {
                // Nobody listens yet; the next look is at the moment at which somebody may.
                await Task.Delay(1, CancellationToken.None);
            }
        }
    }
}
