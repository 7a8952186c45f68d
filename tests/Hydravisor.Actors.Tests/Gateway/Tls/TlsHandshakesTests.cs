using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Hydravisor.Actors.Gateway.Tls;

namespace Hydravisor.Actors.Tests.Gateway.Tls;

/// <summary>Handshakes over real sockets, with .NET's own client on the other side.</summary>
public sealed class TlsHandshakesTests : IDisposable
{
    private readonly Channel<string> _failures = Channel.CreateUnbounded<string>();
    private readonly Channel<TlsConnection> _accepted = Channel.CreateUnbounded<TlsConnection>();
    private readonly List<IDisposable> _held = [];

    public void Dispose() => _held.ForEach(each => each.Dispose());

    [Fact]
    public async Task Who_shows_nothing_is_told_so_only_where_a_certificate_must_be_shown()
    {
        foreach (var (wanted, served) in new[] { (ClientCertificates.None, true), (ClientCertificates.Optional, true), (ClientCertificates.Required, false) })
        {
            var (files, listener) = Listen(new TlsDirectory(wanted));
            var stream = await ShakeAsync(files, listener);
            if (served)
            {
                Assert.Null((await AcceptedAsync()).Peer.CertificateFingerprint);
            }
            else
            {
                Assert.Contains("no certificate", await FailureAsync(), StringComparison.Ordinal);
                Assert.Contains("\"code\":401", await RestAsync(stream), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("right", null)]
    [InlineData("stranger", "PartialChain")]
    [InlineData("expired", "NotTimeValid")]
    [InlineData("a node's", "NotValidForUsage")]
    public async Task A_certificate_is_judged_by_the_nodes_own_authorities(string which, string? refused)
    {
        var (files, listener) = Listen(new TlsDirectory(ClientCertificates.Optional));
        using var other = new Hydravisor.Client.Tests.TestAuthority("other authority");
        var shown = which switch
        {
            "stranger" => other.Agent(),
            "expired" => files.Authority.Agent(until: DateTimeOffset.UtcNow.AddMinutes(-1)),
            "right" => files.Authority.Agent(),
            _ => files.Authority.Node(),
        };
        var stream = await ShakeAsync(files, listener, shown);
        if (refused is null)
        {
            Assert.Equal(Hydravisor.Client.Tests.TestAuthority.FingerprintOf(shown), (await AcceptedAsync()).Peer.CertificateFingerprint);
        }
        else
        {
            Assert.Contains(refused, await FailureAsync(), StringComparison.Ordinal);
            Assert.Contains(refused, await RestAsync(stream), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Older_TLS_is_refused()
    {
        var (files, listener) = Listen(new TlsDirectory());
#pragma warning disable CA5398 // That is the point.
        await Assert.ThrowsAsync<AuthenticationException>(() => ShakeAsync(files, listener, protocols: SslProtocols.Tls12));
#pragma warning restore CA5398
        Assert.Contains("unsupported protocol", await FailureAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_speaks_plainly_is_told_what_is_spoken_here()
    {
        var (_, listener) = Listen(new TlsDirectory());
        using var plain = await ConnectAsync(listener);
        await plain.SendAsync("{\"type\":\"vm/list\"}\n"u8.ToArray());
        await using var stream = new NetworkStream(plain);
        Assert.Contains("TLS 1.3", await RestAsync(stream), StringComparison.Ordinal);
        Assert.Contains("does not speak TLS", await FailureAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handshake_that_is_not_finished_in_time_is_ended()
    {
        var (_, listener) = Listen(new TlsDirectory(handshakeTimeout: TimeSpan.FromMilliseconds(100)));
        using var silent = await ConnectAsync(listener);
        using var half = await ConnectAsync(listener);
        await half.SendAsync(new byte[] { 22, 3, 1, 2 });
        Assert.Contains("not finished within 0.1 s", await FailureAsync(), StringComparison.Ordinal);
        Assert.Contains("not finished within 0.1 s", await FailureAsync(), StringComparison.Ordinal);
        await MustEndAsync(silent);
        await MustEndAsync(half);
    }

    [Fact]
    public async Task Where_too_many_are_begun_the_oldest_gives_way_and_honest_ones_are_served()
    {
        const int Most = 4;
        var (files, listener) = Listen(new TlsDirectory(handshakesMax: Most));
        var silent = new List<Socket>();
        for (var number = 0; number < 3 * Most; number++)
        {
            silent.Add(await ConnectAsync(listener));
        }

        for (var number = 0; number < 2 * Most; number++)
        {
            Assert.Contains("gave way", await FailureAsync(), StringComparison.Ordinal);
        }

        await ShakeAsync(files, listener);
        await AcceptedAsync();
        await MustEndAsync(silent[0]);
        silent.ForEach(each => each.Dispose());
    }

    [Fact]
    public async Task A_listener_that_ends_lets_go_whom_it_shakes_hands_with()
    {
        var (_, listener) = Listen(new TlsDirectory());
        using var silent = await ConnectAsync(listener);
        using var second = await ConnectAsync(listener);
        listener.Dispose();
        await MustEndAsync(silent);
    }

    private (TlsDirectory Files, TlsListener Listener) Listen(TlsDirectory files)
    {
        var watch = files.Open();
        var handshakes = new TlsHandshakes(watch, TimeProvider.System, (_, why) => _failures.Writer.TryWrite(why));
        var listener = TlsListener.Start(
            new IPEndPoint(IPAddress.Loopback, 0), 64, handshakes, TimeProvider.System, connection => _accepted.Writer.TryWrite(connection), trouble => _failures.Writer.TryWrite(trouble));
        _held.AddRange([listener, watch, files]);
        return (files, listener);
    }

    private static async Task<Socket> ConnectAsync(TlsListener listener)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint);
        return socket;
    }

    private async Task<SslStream> ShakeAsync(TlsDirectory files, TlsListener listener, X509Certificate2? shown = null, SslProtocols protocols = SslProtocols.Tls13)
    {
        var stream = new SslStream(new NetworkStream(await ConnectAsync(listener), ownsSocket: true));
        _held.Add(stream);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(files.Authority.Certificate);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocols,
            CertificateChainPolicy = policy,
            ClientCertificateContext = shown is null ? null : SslStreamCertificateContext.Create(shown, null, offline: true),
        }).WaitAsync(Wait.Limit);
        return stream;
    }

    private static async Task<string> RestAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        return await Wait.For(reader.ReadToEndAsync(), "the end of the connection");
    }

    private static async Task MustEndAsync(Socket socket)
    {
        try
        {
            Assert.Equal(0, await Wait.For(socket.ReceiveAsync(new byte[1]), "the end of the connection"));
        }
        catch (SocketException)
        {
            // It was reset.
        }
    }

    private Task<string> FailureAsync() => Wait.For(_failures.Reader.ReadAsync().AsTask(), "a failed handshake");

    private Task<TlsConnection> AcceptedAsync() => Wait.For(_accepted.Reader.ReadAsync().AsTask(), "a connection");
}
