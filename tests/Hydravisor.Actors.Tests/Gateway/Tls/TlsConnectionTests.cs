using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Streams;
using Akka.TestKit;
using Hydravisor.Actors.Gateway;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Actors.Sessions;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Gateway.Tls;

/// <summary>What a plain connection does (<see cref="ConnectionGraphTests"/>), one of TLS does too.</summary>
public sealed class TlsConnectionTests(ITestOutputHelper output) : HydravisorSpec(output)
{
    private const int ChunkBytes = 64 * 1024;
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);
    private readonly TlsDirectory _files = new();

    [Fact]
    public async Task What_is_sent_arrives_unharmed_in_both_directions_and_the_peer_may_close_its_side_first()
    {
        const int Lines = 20_000;
        var session = CreateTestProbe();
        await using var peer = await ConnectAsync(session, Never);
        await session.ExpectMsgAsync<SessionProtocol.Opened>(Wait.Limit);
        var stream = session.Sender;
        stream.Tell(SessionProtocol.Ack.Instance);
        byte[] sent = [.. Enumerable.Range(0, Lines).SelectMany(number => Encoding.UTF8.GetBytes($"line {number} {new string('x', number % 300)}\n"))];
        var sending = SendAsync(peer.Stream, sent);
        using var came = new MemoryStream();
        while (true)
        {
            var message = await session.ReceiveOneAsync(Wait.Limit);
            if (message is not SessionProtocol.LineBatch batch)
            {
                Assert.IsType<SessionProtocol.InputEnded>(message);
                break;
            }

            foreach (var line in batch.Lines)
            {
                came.Write(line.Bytes.Span);
                came.WriteByte((byte)'\n');
            }

            stream.Tell(SessionProtocol.Ack.Instance);
        }

        await sending;
        Assert.Equal(sent, came.ToArray());

        // It is still answered, and then it ends.
        var chunks = Enumerable.Range(0, 50).Select(_ => RandomNumberGenerator.GetBytes(ChunkBytes)).ToList();
        var writing = WriteAsync(peer.Outbound, chunks);
        using var answered = new MemoryStream();
        await Wait.For(peer.Stream.CopyToAsync(answered), "the answers and the end");
        await writing;
        Assert.Equal(chunks.SelectMany(chunk => chunk), answered.ToArray());
        await Wait.For(peer.Served, "the end of the connection");
    }

    [Fact]
    public async Task A_peer_is_read_from_only_as_its_session_takes_what_it_sent()
    {
        var session = CreateTestProbe();
        await using var peer = await ConnectAsync(session, Never);
        await session.ExpectMsgAsync<SessionProtocol.Opened>(Wait.Limit);
        session.Reply(SessionProtocol.Ack.Instance);
        var sent = SendAsync(peer.Stream, [.. Enumerable.Range(0, 64 * 1024).SelectMany(_ => Encoding.UTF8.GetBytes(new string('x', 1023) + "\n"))]);
        await session.ExpectMsgAsync<SessionProtocol.LineBatch>(Wait.Limit);
        await session.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(200));
        Assert.False(sent.IsCompleted);
        Sys.Stop(session);
        peer.Outbound.TryComplete();
        await Wait.For(peer.Served, "the end of the connection");
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_for_too_long_is_cut_and_its_session_told()
    {
        var session = CreateTestProbe();
        await using var peer = await ConnectAsync(session, TimeSpan.FromMilliseconds(200));
        await session.ExpectMsgAsync<SessionProtocol.Opened>(Wait.Limit);
        session.Reply(SessionProtocol.Ack.Instance);
        _ = WriteAsync(peer.Outbound, Enumerable.Repeat(new byte[ChunkBytes], 1000));
        await session.ExpectMsgAsync<SessionProtocol.InputFailed>(Wait.Limit);
        await Wait.For(peer.Served, "the end of the connection");
    }

    [Fact]
    public async Task A_peer_that_breaks_off_ends_its_session()
    {
        var session = CreateTestProbe();
        var peer = await ConnectAsync(session, Never);
        await session.ExpectMsgAsync<SessionProtocol.Opened>(Wait.Limit);
        session.Reply(SessionProtocol.Ack.Instance);
        peer.Abort();
        await session.ExpectMsgAsync<SessionProtocol.InputFailed>(Wait.Limit);
        peer.Outbound.Complete();
        await Wait.For(peer.Served, "the end of the connection");
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _files.Dispose();
    }

    private async Task<Peer> ConnectAsync(TestProbe session, TimeSpan stallMax)
    {
        var settings = new GatewaySettings(new IPEndPoint(IPAddress.Loopback, 0), LineBytesMax: 1 << 20, Never, 100, 100, stallMax, Never, _files.Settings);
        var materializer = Sys.Materializer();
        var outbound = Channel.CreateBounded<ReadOnlyMemory<byte>>(16);
        var accepted = new TaskCompletionSource<TlsConnection>();
        using var watch = _files.Open();
        using var listener = TlsListener.Start(
            settings.Listen, 16, new TlsHandshakes(watch, TimeProvider.System, (_, _) => { }), TimeProvider.System, accepted.SetResult, _ => { });
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_files.Authority.Certificate);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = policy }).WaitAsync(Wait.Limit);
        var connection = await Wait.For(accepted.Task, "the connection to be accepted");
        var flow = ConnectionGraph.Served(session, outbound.Reader, settings, KillSwitches.Shared("test"));
        return new Peer(socket, stream, outbound.Writer, connection.HandleWithAsync(flow, stallMax, materializer));
    }

    private static async Task WriteAsync(ChannelWriter<ReadOnlyMemory<byte>> outbound, IEnumerable<byte[]> chunks)
    {
        foreach (var chunk in chunks)
        {
            await outbound.WriteAsync(chunk);
        }

        outbound.Complete();
    }

    private static async Task SendAsync(SslStream peer, byte[] bytes)
    {
        try
        {
            await peer.WriteAsync(bytes);
            await peer.ShutdownAsync();
        }
        catch (IOException)
        {
            // The node ended it.
        }
    }

    private sealed record Peer(Socket Socket, SslStream Stream, ChannelWriter<ReadOnlyMemory<byte>> Outbound, Task Served) : IAsyncDisposable
    {
        public void Abort()
        {
            Socket.LingerState = new LingerOption(true, 0);
            Socket.Close();
        }

        public ValueTask DisposeAsync() => Stream.DisposeAsync();
    }
}
