using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Client.Tests;

/// <summary>A client that speaks TLS, and whom it speaks to.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public TlsTests() => _listener.Start();

    public void Dispose()
    {
        _listener.Dispose();
        _authority.Dispose();
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    public async Task A_node_with_the_right_certificate_is_spoken_to(string host)
    {
        using var own = _authority.Agent();
        var serving = ServeAsync(_authority.Node());
        await using var client = await ConnectAsync(host, new TlsOptions { Authorities = [_authority.Certificate], Certificate = own }, new AgentCredential(own, "trusted"));
        var call = client.ListAsync();
        using var node = await serving.WaitAsync(ScriptedServer.Patience);
        Assert.Equal(own.RawData, node.RemoteCertificate!.GetRawCertData());
        using var reader = new StreamReader(node, Encoding.UTF8);
        var line = LineWrapping.Unwrap(Encoding.UTF8.GetBytes((await reader.ReadLineAsync().WaitAsync(ScriptedServer.Patience))!)).Wrapped!;
        Assert.Equal((TestAuthority.FingerprintOf(own), "trusted", null), (line.AgentFingerprint, line.Role, line.Hmac));
        await node.WriteAsync(Encoding.UTF8.GetBytes($$$"""{"type":"vm/list","ok":true,"instances":[],"meta":{"request_id":"{{{line.RequestId}}}"}}""" + "\n"));
        Assert.Empty(await call.WaitAsync(ScriptedServer.Patience));
    }

    [Theory]
    [InlineData("other", "is not to be trusted")]
    [InlineData("expired", "NotTimeValid")]
    [InlineData("name", "is not for \"elsewhere\"")]
    [InlineData("plain", "does not speak TLS 1.3")]
    [InlineData("closed", "broke off")]
    public async Task Another_one_is_not(string which, string says)
    {
        using var other = new TestAuthority("other");
        var serving = which switch
        {
            "plain" => SayAsync("{\"type\":\"mcp/error\",\"code\":400,\"message\":\"what?\"}\n"),
            "closed" => SayAsync(""),
            _ => ServeAsync(which switch
            {
                "other" => other.Node(),
                "expired" => _authority.Node(until: DateTimeOffset.UtcNow.AddMinutes(-1)),
                _ => _authority.Node(),
            }),
        };
        var refused = await Assert.ThrowsAsync<HydravisorConnectionException>(() =>
            ConnectAsync("localhost", new TlsOptions { Authorities = [_authority.Certificate], ServerName = which == "name" ? "elsewhere" : null }));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("Cannot connect to localhost:", refused.Message, StringComparison.Ordinal);
        await serving.ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(ScriptedServer.Patience);
    }

    [Fact]
    public async Task A_node_that_never_answers_the_handshake_is_given_up()
    {
        var refused = await Assert.ThrowsAsync<HydravisorConnectionException>(() => HydravisorClient.ConnectAsync(
            "127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port, new HydravisorClientOptions { Tls = new TlsOptions(), ConnectTimeout = TimeSpan.FromMilliseconds(100) }));
        Assert.Contains("no answer in 0.1 s", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_as_credential_needs_the_connection_to_be_made_with_it()
    {
        using var own = _authority.Agent();
        using var other = _authority.Agent();
        await Assert.ThrowsAsync<ArgumentException>(() => ConnectAsync("localhost", null, new AgentCredential(own, "trusted")));
        await Assert.ThrowsAsync<ArgumentException>(() => ConnectAsync("localhost", new TlsOptions { Certificate = other }, new AgentCredential(own, "trusted")));
    }

    private Task<HydravisorClient> ConnectAsync(string host, TlsOptions? tls, AgentCredential? credential = null) => HydravisorClient.ConnectAsync(
        host, ((IPEndPoint)_listener.LocalEndpoint).Port, new HydravisorClientOptions { Tls = tls, Credential = credential, ConnectTimeout = ScriptedServer.Patience });

    private async Task<SslStream> ServeAsync(X509Certificate2 certificate)
    {
        var stream = new SslStream(new NetworkStream(await _listener.AcceptSocketAsync(), ownsSocket: true));
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is null || shown.GetRawCertData().Length > 0,
        });
        return stream;
    }

    private async Task<SslStream> SayAsync(string text)
    {
        using var socket = await _listener.AcceptSocketAsync();
        await socket.ReceiveAsync(new byte[4096]);
        await socket.SendAsync(Encoding.UTF8.GetBytes(text));
        socket.Shutdown(SocketShutdown.Send);
        await socket.ReceiveAsync(new byte[1]);
        throw new IOException("It was no handshake.");
    }
}
