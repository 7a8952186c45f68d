using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.TestKit;
using Hydravisor.Actors.Gateway;
using Hydravisor.Actors.Sessions;
using Xunit.Abstractions;
using Tcp = Akka.Streams.Dsl.Tcp;

namespace Hydravisor.Actors.Tests.Gateway;

/// <summary>Connections over real sockets. A probe stands for the session of all, and each connection's channel is the test's own.</summary>
public sealed class ConnectionGraphTests(ITestOutputHelper output) : HydravisorSpec(output)
{
    private const int ChunkBytes = 64 * 1024;
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    [Fact]
    public async Task A_chunk_that_many_connections_share_arrives_unharmed_at_each()
    {
        const int Many = 50;
        const int Rounds = 20;
        var listener = await ListenAsync(CreateTestProbe(), Never);
        var shared = RandomNumberGenerator.GetBytes(ChunkBytes);
        byte[] original = [.. shared];
        var peers = new List<(byte[] Name, Task<byte[]> Came)>();
        for (var i = 0; i < Many; i++)
        {
            var (peer, outbound) = await listener.ConnectAsync();
            var name = Encoding.UTF8.GetBytes($"connection {i}\n");
            peers.Add((name, ReadToEndAsync(peer)));
            _ = WriteAsync(outbound, Enumerable.Range(0, Rounds).SelectMany(_ => new ReadOnlyMemory<byte>[] { name, shared }));
        }

        foreach (var (name, came) in peers)
        {
            byte[] expected = [.. Enumerable.Range(0, Rounds).SelectMany(_ => name.Concat(original))];
            Assert.Equal(expected, await Wait.For(came, "all chunks and the end"));
        }

        Assert.Equal(original, shared);
    }

    [Fact]
    public async Task A_peer_that_never_reads_blocks_only_itself()
    {
        var listener = await ListenAsync(CreateTestProbe(), Never);
        var (deaf, toDeaf) = await listener.ConnectAsync();
        var (other, toOther) = await listener.ConnectAsync();
        var shared = RandomNumberGenerator.GetBytes(ChunkBytes);
        var stuck = WriteAsync(toDeaf, Enumerable.Repeat<ReadOnlyMemory<byte>>(shared, 1000));
        var came = ReadToEndAsync(other);
        await Wait.For(WriteAsync(toOther, Enumerable.Repeat<ReadOnlyMemory<byte>>(shared, 1000)), "room for a thousand chunks");
        Assert.Equal(1000 * ChunkBytes, (await Wait.For(came, "a thousand chunks")).Length);
        Assert.False(stuck.IsCompleted);

        // It was only slow.
        Assert.Equal(1000 * ChunkBytes, (await Wait.For(ReadToEndAsync(deaf), "a thousand chunks")).Length);
        await stuck;
    }

    [Fact]
    public async Task A_peer_is_read_from_only_as_its_session_takes_what_it_sent()
    {
        const int Lines = 64 * 1024;
        var session = CreateTestProbe();
        var listener = await ListenAsync(session, Never);
        var (peer, _) = await listener.ConnectAsync();
        await session.ExpectMsgAsync<SessionProtocol.Opened>();
        var stream = session.Sender;
        stream.Tell(SessionProtocol.Ack.Instance);
        var line = Encoding.UTF8.GetBytes(new string('x', 1023) + "\n");
        var sent = SendAsync(peer, [.. Enumerable.Range(0, Lines).SelectMany(_ => line)]);
        var taken = (await session.ExpectMsgAsync<SessionProtocol.LineBatch>()).Lines.Count;
        await session.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(200));
        Assert.False(sent.IsCompleted);
        while (taken < Lines)
        {
            stream.Tell(SessionProtocol.Ack.Instance);
            taken += (await session.ExpectMsgAsync<SessionProtocol.LineBatch>()).Lines.Count;
        }

        await Wait.For(sent, "the end of what was sent");
        Assert.Equal(Lines, taken);
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_for_too_long_is_cut_and_its_session_told()
    {
        var session = CreateTestProbe();
        var listener = await ListenAsync(session, TimeSpan.FromMilliseconds(200));
        var (_, outbound) = await listener.ConnectAsync();
        await session.ExpectMsgAsync<SessionProtocol.Opened>();
        session.Reply(SessionProtocol.Ack.Instance);
        _ = WriteAsync(outbound, Enumerable.Repeat<ReadOnlyMemory<byte>>(new byte[ChunkBytes], 1000));
        await session.ExpectMsgAsync<SessionProtocol.InputFailed>(Wait.Limit);
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_does_not_outlive_its_session_for_ever()
    {
        var session = CreateTestProbe();
        var listener = await ListenAsync(session, TimeSpan.FromMilliseconds(200));
        var (peer, outbound) = await listener.ConnectAsync();
        await session.ExpectMsgAsync<SessionProtocol.Opened>();
        while (outbound.TryWrite(new byte[ChunkBytes]) || await RoomWithinAsync(outbound, TimeSpan.FromMilliseconds(100)))
        {
        }

        Sys.Stop(session);
        outbound.TryComplete();
        await Wait.Until(() => IsReset(peer), "the end of a connection that takes nothing");
    }

    [Fact]
    public async Task A_peer_that_does_not_close_its_side_does_not_keep_its_socket()
    {
        var session = CreateTestProbe();
        var listener = await ListenAsync(session, Never);
        var (peer, outbound) = await listener.ConnectAsync();
        await session.ExpectMsgAsync<SessionProtocol.Opened>();
        session.Reply(SessionProtocol.Ack.Instance);
        await outbound.WriteAsync("the last word\n"u8.ToArray());
        outbound.Complete();
        Sys.Stop(session);
        var said = new byte[100];
        Assert.Equal(14, await Wait.For(peer.ReceiveAsync(said), "the last word"));
        Assert.Equal(0, await Wait.For(peer.ReceiveAsync(said), "the end of what it says"));
        await Wait.Until(() => IsReset(peer), "the end of the socket");
    }

    [Fact]
    public async Task A_peer_that_only_waits_is_not_cut()
    {
        var session = CreateTestProbe();
        var listener = await ListenAsync(session, TimeSpan.FromMilliseconds(50));
        var (peer, outbound) = await listener.ConnectAsync();
        await session.ExpectMsgAsync<SessionProtocol.Opened>();
        session.Reply(SessionProtocol.Ack.Instance);
        await session.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(300));
        await outbound.WriteAsync("late\n"u8.ToArray());
        outbound.Complete();
        Assert.Equal("late\n", Encoding.UTF8.GetString(await Wait.For(ReadToEndAsync(peer), "the line and the end")));
    }

    private async Task<Listener> ListenAsync(TestProbe session, TimeSpan stallMax)
    {
        var settings = new GatewaySettings(new IPEndPoint(IPAddress.Loopback, 0), LineBytesMax: 1 << 20, Never, 100, 100, stallMax, Never);
        var materializer = Sys.Materializer();
        var stop = KillSwitches.Shared("test");
        var accepted = Channel.CreateUnbounded<ChannelWriter<ReadOnlyMemory<byte>>>();
        var served = Sink.ForEach<Tcp.IncomingConnection>(connection =>
        {
            var outbound = Channel.CreateBounded<ReadOnlyMemory<byte>>(16);
            connection.HandleWith(ConnectionGraph.Served(session, outbound.Reader, settings, stop), materializer);
            accepted.Writer.TryWrite(outbound.Writer);
        });
        var binding = await Sys.TcpStream().Bind("127.0.0.1", 0, halfClose: true).To(served).Run(materializer);
        return new Listener((IPEndPoint)binding.LocalAddress, accepted.Reader);
    }

    private static async Task WriteAsync(ChannelWriter<ReadOnlyMemory<byte>> outbound, IEnumerable<ReadOnlyMemory<byte>> chunks)
    {
        foreach (var chunk in chunks)
        {
            await outbound.WriteAsync(chunk);
        }

        outbound.Complete();
    }

    private static async Task SendAsync(Socket peer, byte[] bytes) => await peer.SendAsync(bytes.AsMemory());

    private static async Task<byte[]> ReadToEndAsync(Socket peer)
    {
        using var came = new MemoryStream();
        await using var stream = new NetworkStream(peer, ownsSocket: true);
        await stream.CopyToAsync(came);
        return came.ToArray();
    }

    private static async Task<bool> RoomWithinAsync(ChannelWriter<ReadOnlyMemory<byte>> outbound, TimeSpan time)
    {
        var room = outbound.WaitToWriteAsync().AsTask();
        return await Task.WhenAny(room, Task.Delay(time)) == room && await room;
    }

    private static bool IsReset(Socket peer)
    {
        try
        {
            peer.Send("?"u8);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private sealed record Listener(IPEndPoint Endpoint, ChannelReader<ChannelWriter<ReadOnlyMemory<byte>>> Accepted)
    {
        public async Task<(Socket Peer, ChannelWriter<ReadOnlyMemory<byte>> Outbound)> ConnectAsync()
        {
            var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await peer.ConnectAsync(Endpoint);
            return (peer, await Wait.For(Accepted.ReadAsync().AsTask(), "the connection to be accepted"));
        }
    }
}
