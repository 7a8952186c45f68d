using System.Text;
using Hydravisor.Bench.Wire;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.State;

/// <summary>A node on the simulated hypervisor with one running VM, and beside it an echo of the same line sizes.</summary>
internal sealed class OneVmNode : IAsyncDisposable
{
    private readonly NodeUnderTest _node;

    private OneVmNode(NodeUnderTest node, byte[] query, EchoProcess echo) => (_node, Query, Echo) = (node, query, echo);

    /// <summary>The node.</summary>
    public NodeUnderTest Node => _node;

    /// <summary>The line that asks for the VM's state.</summary>
    public byte[] Query { get; }

    /// <summary>The echo.</summary>
    public EchoProcess Echo { get; }

    /// <summary>Starts both.</summary>
    public static async Task<OneVmNode> StartAsync()
    {
        var node = new NodeUnderTest(NodeOptions.Usual);
        try
        {
            await node.StartAsync();
            await using var connection = await node.ConnectAsync();
            var created = await connection.AskAsync("""{"type":"vm/create","os":"tiny","ram":"128MB"}""");
            var id = created.Text("instance_id")!;
            await connection.BroadcastAsync(id, "running");
            var query = Encoding.UTF8.GetBytes($$"""{"type":"vm/state","instance_id":"{{id}}","query":true}""" + "\n");
            using var one = new SingleQueries(node.Endpoint, query);
            var answer = one.Ask();
            Assert.True(answer.IndexOf("\"running\""u8) > 0, Encoding.UTF8.GetString(answer));
            return new OneVmNode(node, query, await EchoProcess.StartAsync(answer.Length));
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Echo.Dispose();
        await _node.DisposeAsync();
    }
}
