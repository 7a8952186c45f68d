using System.Net.Sockets;
using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Peers that hold connections and say nothing of use: each is bounded, is told why where it can be, and stands in the log.</summary>
public sealed class PatienceTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const string Heartbeat = """{"type":"mcp/heartbeat"}""";
    private readonly TlsNode _tls = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _tls.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_drips_bytes_and_ends_no_line_is_closed_with_408_and_others_are_served(bool overTls)
    {
        const string Limit = "hydravisor.gateway.line-time-max = 300ms";
        var node = await StartNodeAsync(overTls ? _tls.Options(more: Limit) : new NodeOptions { Conf = Limit });
        await using var other = await ConnectAsync(node, overTls);
        await using var dripping = await ConnectAsync(node, overTls);
        var told = dripping.ErrorAsync();
        await DripAsync(dripping, told);
        (await told).MustBeError(408, "not ended in time");
        await dripping.EndAsync();
        await node.Output.LineWithAsync("is closed: a line was begun and not ended in time");
        (await other.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
    }

    [Fact]
    public async Task Who_is_only_denied_is_closed_after_so_many_and_told_so()
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node", Conf = "hydravisor.session.denials-max = 5" });
        await using var stranger = await node.ConnectAsync();
        for (var number = 0; number < 4; number++)
        {
            (await stranger.AskAsync("""{"type":"vm/list"}""")).MustBeError(401);
        }

        await stranger.SendAsync("""{"type":"vm/list"}""");
        (await stranger.NextAsync()).MustBeError(401);
        (await stranger.NextAsync()).MustBeError(429, "5 messages in a row");
        Assert.Equal(ConnectionEnd.Closed, await stranger.EndAsync());
        await node.Output.LineWithAsync("connection c1 is closed: 5 messages in a row were not let in");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_thousand_sockets_of_one_peer_are_bounded_and_others_are_served(bool overTls)
    {
        // Those of TLS never finish a handshake.
        const string Limits = "hydravisor.gateway { connections-per-address-max = 20, tls.handshakes-max = 20 }";
        var node = await StartNodeAsync(overTls ? _tls.Options(more: Limits) : new NodeOptions { Conf = Limits });
        await using var served = await ConnectAsync(node, overTls);

        // A connection is there before it is accepted, and those that come at once are not accepted in their order.
        (await served.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
        var files = OpenFiles(node);
        var sockets = new List<Socket>();
        try
        {
            for (var number = 0; number < 1000; number++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync(node.Endpoint).InTimeAsync("a connection", () => node.Output.Tail);
            }

            (await served.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
            await node.Output.LineWithAsync(overTls ? "gave way to a newer one" : "20 connections from 127.0.0.1");

            // All but those that the limit lets be are let go, though their peer never ends them.
            await Patience.UntilAsync(() => Task.FromResult(OpenFiles(node)), now => now <= files + 40, now => $"The node has {now} files open, and had {files} before.");
            Assert.InRange(node.Output.From(0).Count(line => line.Contains(" WRN ", StringComparison.Ordinal)), 1, 300);
            if (overTls)
            {
                await using var late = await _tls.ConnectAsync(node);
                (await late.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
            }
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }

        await using var after = await Patience.UntilAsync(() => TryConnectAsync(node, overTls), there => there is not null, _ => node.Output.Tail);
    }

    [Fact]
    public async Task A_handshake_that_is_begun_and_not_finished_is_ended_and_logged()
    {
        var node = await StartNodeAsync(_tls.Options(more: "hydravisor.gateway.tls.handshake-timeout = 300ms"));
        using var half = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await half.ConnectAsync(node.Endpoint);
        await half.SendAsync(new byte[] { 22, 3, 1, 2, 0, 1, 0 });
        await node.Output.LineWithAsync("failed: it was not finished within 0.3 s");
        await using var honest = await _tls.ConnectAsync(node);
        (await honest.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
    }

    private Task<RawConnection> ConnectAsync(NodeUnderTest node, bool overTls) => overTls ? _tls.ConnectAsync(node) : node.ConnectAsync();

    // There is room again when the node has seen the others go.
    private async Task<RawConnection?> TryConnectAsync(NodeUnderTest node, bool overTls)
    {
        var connection = await ConnectAsync(node, overTls);
        await connection.SendAsync(Heartbeat);
        if ((await connection.NextAsync()).Type() == "mcp/heartbeat")
        {
            return connection;
        }

        await connection.DisposeAsync();
        return null;
    }

    private static async Task DripAsync(RawConnection connection, Task told)
    {
        try
        {
            while (!told.IsCompleted)
            {
                await connection.SendBytesAsync(Encoding.UTF8.GetBytes(" "));
                await Task.WhenAny(told, Task.Delay(10));
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // It was ended while it was written to.
        }
    }

    private static int OpenFiles(NodeUnderTest node) => Directory.GetFiles($"/proc/{node.ProcessId}/fd").Length;
}
