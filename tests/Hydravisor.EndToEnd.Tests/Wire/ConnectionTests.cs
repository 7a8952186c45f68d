using System.Security.Cryptography;
using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Too many connections, broken ones, and ones that do not read.</summary>
public class ConnectionTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const string Heartbeat = """{"type":"mcp/heartbeat"}""";

    [Theory]
    [InlineData("connections-max = 3", "3 connections")]
    [InlineData("connections-per-address-max = 3", "3 connections from 127.0.0.1")]
    public async Task Over_the_limit_a_connection_is_told_429_and_closed_until_there_is_room(string limit, string says)
    {
        var node = await StartNodeAsync(new NodeOptions { Conf = $"hydravisor.gateway.{limit}" });
        var served = new List<RawConnection>();
        for (var i = 0; i < 3; i++)
        {
            served.Add(await node.ConnectAsync());
            (await served[i].AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
        }

        for (var i = 0; i < 20; i++)
        {
            await using var refused = await node.ConnectAsync();
            await refused.SendAsync(Heartbeat);
            (await refused.NextAsync()).MustBeError(429, says);
            Assert.Equal(ConnectionEnd.Closed, await refused.EndAsync());
        }

        Assert.All(await Task.WhenAll(served.Select(connection => connection.AskAsync(Heartbeat))), reply => reply.MustBeOk("mcp/heartbeat"));
        var from = node.Output.Count;
        await served[0].DisposeAsync();
        await node.Output.LineWithAsync("connection c1 ended", from);
        await using var welcome = await node.ConnectAsync();
        (await welcome.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
        foreach (var connection in served)
        {
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task Connections_that_break_off_leave_nothing_behind()
    {
        var node = await StartNodeAsync(new NodeOptions { Conf = "hydravisor.gateway.connections-max = 40" });
        await using var steady = await node.ConnectAsync();
        for (var i = 0; i < 120; i++)
        {
            var from = node.Output.Count;
            var broken = await node.ConnectAsync();
            await broken.SendBytesAsync(Encoding.UTF8.GetBytes((i % 3) switch
            {
                0 => "{\"type\":\"vm/li",
                1 => "{\"type\":\"vm/list\"}\n{\"type\":\"vm/state\",\"instance_id\":\"*\",\"subscribe\":true}\n",
                _ => "",
            }));
            broken.Abort();
            await node.Output.LineAsync(line => line.EndsWith("ended", StringComparison.Ordinal), from)
                .InTimeAsync($"the end of the connection that broke off, number {i}", () => node.Output.Tail);
        }

        (await steady.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
        await steady.CreateRunningAsync();
    }

    [Fact]
    public async Task Bytes_without_sense_are_refused_line_by_line_and_harm_nobody()
    {
        var seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        Say.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var node = await StartNodeAsync();
        for (var round = 0; round < 20; round++)
        {
            await using var connection = await node.ConnectAsync();
            var bytes = new byte[random.Next(1, 60_000)];
            random.NextBytes(bytes);
            await connection.SendBytesAsync(bytes);
            await connection.SendAsync("");
            (await connection.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
            Assert.All(connection.Unread, line => line.MustBeError(400));
        }
    }

    [Fact]
    public async Task Who_does_not_read_is_cut_and_the_others_are_served()
    {
        var node = await StartNodeAsync(new NodeOptions
        {
            Conf = """
                hydravisor.session {
                  outbound-max = 256KB
                  outbound-chunk = 4KB
                }
                """,
        });
        await using var slow = await RawConnection.OpenAsync(node.Endpoint, () => node.Output.Tail, reading: false);
        await slow.SendAsync("""{"type":"vm/state","instance_id":"*","subscribe":true}""");
        await using var owner = await node.ConnectAsync();
        await using var follower = await node.ConnectAsync();
        await follower.AskAllAsync("\"subscribe\":true");
        var cut = node.Output.LineWithAsync("is cut: it does not read");
        var wide = new string('w', 200);
        var ids = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            ids.Add(await owner.CreateRunningAsync($$$"""  "meta":{"labels":{"a":"{{{wide}}}","b":"{{{wide}}}","c":"{{{wide}}}","d":"{{{wide}}}"}} """));
        }

        while (!cut.IsCompleted)
        {
            await Task.WhenAll(ids.Select(id => owner.BringAsync("vm/suspend", id, "suspended")));
            await Task.WhenAll(ids.Select(id => owner.BringAsync("vm/resume", id, "running")));
            await Task.WhenAll(ids.Select(id => follower.BroadcastAsync(id, "running")));
        }

        await cut;
        slow.Read();
        await slow.EndAsync();
        (await owner.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
        (await follower.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
    }
}
