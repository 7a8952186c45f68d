using System.Globalization;
using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>A node that is asked to end.</summary>
public class ShutdownTests(ITestOutputHelper output) : EndToEndTest(output)
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_node_that_is_asked_to_end_says_so_to_who_is_connected_and_ends_with_0(string signal)
    {
        var node = await StartNodeAsync();
        await using var connection = await node.ConnectAsync();
        var id = await connection.CreateRunningAsync();
        Assert.True(File.Exists(Path.Combine(node.Data, "node.pid")));
        await node.SignalAsync(signal);
        (await connection.ErrorAsync()).MustBeError(503, "stopping");
        Assert.Equal(ConnectionEnd.Closed, await connection.EndAsync());
        Assert.Equal(0, await node.ExitAsync());
        Assert.False(File.Exists(Path.Combine(node.Data, "node.pid")));

        // The guest ran on, and the next node knows it.
        await node.StartAsync();
        await using var again = await node.ConnectAsync();
        var state = await again.StateAsync(id);
        Assert.Equal(("running", 1), (state.Text("state"), state.Number("incarnation")));
        Assert.Single((await SimulatedWorld.OfAsync(node)).OperationsOn(id), operation => operation.Effect.ToString() == "Started");
    }

    [Theory]
    [InlineData("lock")]
    [InlineData("journal.db")]
    [InlineData("reserve")]
    [InlineData("node-key.pem")]
    public async Task A_node_that_is_asked_to_end_while_it_starts_ends_with_0_and_starts_again(string madeInTheStart)
    {
        var node = NewNode();
        node.Launch();
        await Patience.UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(node.Data, madeInTheStart))), made => made, _ => node.Output.Tail);
        await node.SignalAsync("TERM");
        Assert.Equal(0, await node.ExitAsync());
        Assert.False(File.Exists(Path.Combine(node.Data, "node.pid")));
        await node.StartAsync();
        await using var connection = await node.ConnectAsync();
        await connection.CreateRunningAsync();
    }

    [Fact]
    public async Task What_was_asked_before_the_end_is_answered_and_what_was_answered_holds()
    {
        const int Many = 200;
        var node = await StartNodeAsync();
        for (var round = 0; round < 5; round++)
        {
            await using var connection = await node.ConnectAsync();
            string Create(int i) => string.Create(
                CultureInfo.InvariantCulture,
                $$$$"""{"type":"vm/create","os":"tiny","ram":"32MB","meta":{"request_id":"r-{{{{round}}}}-{{{{i}}}}","labels":{"round":"{{{{round}}}}"}}}""") + "\n";
            await connection.SendBytesAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Many).Select(Create))));
            var first = await connection.LineAsync(line => line.Type() == "vm/create", "the first answer");
            await node.SignalAsync("TERM");
            Assert.Equal(ConnectionEnd.Closed, await connection.EndAsync());
            Assert.Equal(0, await node.ExitAsync());
            Assert.Contains(connection.Unread, line => line.Type() == "mcp/error" && line.RequestId() is null && line.Number("code") == 503);
            var answered = connection.Unread.Append(first).Where(line => line.Type() == "vm/create").ToDictionary(line => line.RequestId()!, line => line.Id());
            Say.WriteLine($"round {round}: {answered.Count} of {Many} were answered");

            await node.StartAsync();
            await using var again = await node.ConnectAsync();
            var list = await again.AskAsync($$$"""{"type":"vm/list","labels":{"round":"{{{round}}}"}} """);
            var there = list.GetProperty("instances").EnumerateArray().Select(vm => vm.Id()).ToHashSet();
            Assert.Empty(answered.Values.Except(there));
            await Task.WhenAll(there.Select(id => again.AskAsync("vm/delete", id)));
        }
    }
}
