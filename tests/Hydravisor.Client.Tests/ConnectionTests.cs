using System.Net;
using System.Net.Sockets;
using Hydravisor.Protocol;

namespace Hydravisor.Client.Tests;

/// <summary>How a connection begins, lives and ends.</summary>
public class ConnectionTests
{
    [Fact]
    public async Task Where_nobody_listens_connecting_says_so()
    {
        // Bound and not listening: nobody else can take the port meanwhile.
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)holder.LocalEndPoint!).Port;
        var refusal = await Assert.ThrowsAsync<HydravisorConnectionException>(() => HydravisorClient.ConnectAsync("127.0.0.1", port));
        Assert.Equal($"Cannot connect to 127.0.0.1:{port}: nobody listens there.", refusal.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65536)]
    public async Task A_port_is_1_to_65535(int port) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => HydravisorClient.ConnectAsync("127.0.0.1", port));

    [Fact]
    public async Task A_lost_connection_fails_every_waiting_caller_at_once()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var calls = Enumerable.Range(0, 20).Select(number => client.GetStateAsync($"vm-{number:x8}")).Cast<Task>().ToList();
        calls.Add(client.WaitForStateAsync(Samples.Id, _ => false));
        for (var received = 0; received < calls.Count; received++)
        {
            await peer.ReceiveAsync<VmStateQuery>();
        }

        peer.Dispose();
        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<HydravisorConnectionException>(() => call.WaitAsync(ScriptedServer.Patience));
        }

        await client.Closed.WaitAsync(ScriptedServer.Patience);
        await Assert.ThrowsAsync<HydravisorConnectionException>(() => client.ListAsync().WaitAsync(ScriptedServer.Patience));
        await client.Broadcasts.Completion.WaitAsync(ScriptedServer.Patience);
    }

    [Fact]
    public async Task Who_waits_for_a_state_when_the_connection_is_lost_fails()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var wait = client.WaitForStateAsync(Samples.Id, state => state.State == VmPhase.Stopped);
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.State());
        peer.Dispose();
        await Assert.ThrowsAsync<HydravisorConnectionException>(() => wait.WaitAsync(ScriptedServer.Patience));
    }

    [Fact]
    public async Task The_last_word_of_the_node_is_the_reason_of_the_loss()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var call = client.ListAsync();
        await peer.ReceiveAsync<VmList>();
        await peer.SendAsync(new ErrorMessage { Code = ErrorCode.TimedOut, Message = "three heartbeats unanswered" });
        peer.Dispose();
        var lost = await Assert.ThrowsAsync<HydravisorConnectionException>(() => call.WaitAsync(ScriptedServer.Patience));
        Assert.Contains("408: three heartbeats unanswered", lost.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("[]\n")]
    public async Task Whoever_is_no_node_is_left(string greeting)
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var call = client.ListAsync();
        await peer.ReceiveAsync<VmList>();
        await peer.SendAsync(greeting);
        var lost = await Assert.ThrowsAsync<HydravisorConnectionException>(() => call.WaitAsync(ScriptedServer.Patience));
        Assert.Contains("not one JSON object", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_beyond_the_limit_ends_the_connection()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync(new HydravisorClientOptions { LineBytesMax = 1000 });
        await using var _ = client;
        var call = client.ListAsync();
        await peer.ReceiveAsync<VmList>();
        await peer.SendAsync(new string('x', 1001));
        var lost = await Assert.ThrowsAsync<HydravisorConnectionException>(() => call.WaitAsync(ScriptedServer.Patience));
        Assert.Contains("more than 1000 bytes", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heartbeats_of_the_node_are_answered_by_itself()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        for (var beat = 0; beat < 3; beat++)
        {
            await peer.SendAsync(new HeartbeatRequest { Time = DateTimeOffset.UnixEpoch });
            Assert.Equal("""{"type":"mcp/heartbeat","ok":true}""", await peer.ReceiveLineAsync());
        }
    }

    [Fact]
    public async Task Closing_fails_who_still_waits_and_may_be_done_twice()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        var call = client.ListAsync();
        await peer.ReceiveAsync<VmList>();
        await client.DisposeAsync();
        await client.DisposeAsync();
        var closed = await Assert.ThrowsAsync<HydravisorConnectionException>(() => call.WaitAsync(ScriptedServer.Patience));
        Assert.Equal("The connection was closed by this side.", closed.Message);
        Assert.Null(await peer.ReceiveLineAsync());
        await Assert.ThrowsAsync<HydravisorConnectionException>(() => client.ListAsync());
    }

    [Fact]
    public async Task Closing_ends_although_the_node_reads_nothing_and_a_sender_waits_for_room()
    {
        await using var server = new ScriptedServer();
        var (client, _) = await server.ConnectAsync(new HydravisorClientOptions { SendBufferBytesMax = 4096 });
        var big = new VmList { State = new string('x', 1 << 20) };
        var calls = Enumerable.Range(0, 40).Select(_ => client.SendAsync<VmListReply>(big)).ToList();
        await client.DisposeAsync().AsTask().WaitAsync(ScriptedServer.Patience);
        foreach (var call in calls)
        {
            await Assert.ThrowsAsync<HydravisorConnectionException>(() => call.WaitAsync(ScriptedServer.Patience));
        }
    }
}
