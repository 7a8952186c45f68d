using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Hydravisor.Client.Tests;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>The TLS files of a node under test: a CA, the node's certificate, and its settings. They go with the test.</summary>
internal sealed class TlsNode : IDisposable
{
    private readonly TestDirectory _directory = new();

    public TlsNode()
    {
        TestAuthority.Put(CaFile, Authority.Certificate.ExportCertificatePem());
        Put(Authority.Node("first"));
    }

    /// <summary>Signs the certificates of the node and of its agents.</summary>
    public TestAuthority Authority { get; } = new();

    /// <summary>The CA's certificate.</summary>
    public string CaFile => PathOf("ca.pem");

    /// <summary>The node's.</summary>
    public string CertificateFile => PathOf("node.pem");

    /// <summary>A file beside them.</summary>
    public string PathOf(string name) => Path.Combine(_directory.Path, name);

    /// <summary>How a node is started that speaks TLS with these.</summary>
    /// <param name="clientCertificates">none, optional or required.</param>
    /// <param name="profile">The shipped profile.</param>
    /// <param name="more">More settings.</param>
    public NodeOptions Options(string clientCertificates = "none", string profile = "development", string more = "") => new()
    {
        Profile = profile,
        Conf = $$"""
            hydravisor.gateway.tls {
              certificate = "{{CertificateFile}}"
              key = "{{PathOf("node.key")}}"
              client-ca = "{{(clientCertificates == "none" ? "" : CaFile)}}"
              client-certificates = {{clientCertificates}}
            }
            {{more}}
            """,
    };

    /// <summary>Gives the node another certificate.</summary>
    public void Put(X509Certificate2 certificate) => TestAuthority.Write(certificate, _directory.Path, "node");

    /// <summary>Writes an agent's certificate and key.</summary>
    /// <returns>The files, as an agent's own tools want them.</returns>
    public (string Certificate, string Key) PutAgent(X509Certificate2 certificate, string name) => TestAuthority.Write(certificate, _directory.Path, name);

    /// <summary>Connects a raw stream of TLS.</summary>
    public async Task<RawConnection> ConnectAsync(NodeUnderTest node, X509Certificate2? shown = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(node.Endpoint).InTimeAsync("a connection", () => node.Output.Tail);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(Authority.Certificate);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            CertificateChainPolicy = policy,
            ClientCertificateContext = shown is null ? null : SslStreamCertificateContext.Create(shown, null, offline: true),
        }).InTimeAsync("a handshake", () => node.Output.Tail);
        return new RawConnection(socket, () => node.Output.Tail, stream);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Authority.Dispose();
        _directory.Dispose();
    }
}
