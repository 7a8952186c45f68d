using System.Net;
using System.Security.Cryptography.X509Certificates;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Client.Tests;

namespace Hydravisor.Actors.Tests.Gateway.Tls;

/// <summary>A node's TLS files in a directory of a test.</summary>
internal sealed class TlsDirectory : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TlsDirectory(ClientCertificates wanted = ClientCertificates.None, TimeSpan? handshakeTimeout = null, int handshakesMax = 16)
    {
        Put(Authority.Node("first"));
        TestAuthority.Put(PathOf("ca.pem"), Authority.Certificate.ExportCertificatePem());
        Settings = new TlsSettings(
            PathOf("node.pem"), PathOf("node.key"), wanted == ClientCertificates.None ? "" : PathOf("ca.pem"), wanted, handshakeTimeout ?? Wait.Limit, handshakesMax);
    }

    public TestAuthority Authority { get; } = new();

    public TlsSettings Settings { get; }

    public string PathOf(string name) => Path.Combine(_directory.Path, name);

    public void Put(X509Certificate2 certificate) => TestAuthority.Write(certificate, _directory.Path, "node");

    public TlsWatch Open(TimeProvider? time = null, Action<string>? tell = null, Action<string>? warn = null) =>
        new(Settings, time ?? TimeProvider.System, tell ?? (_ => { }), warn ?? (_ => { }));

    /// <summary>A node of a cluster that shows this certificate.</summary>
    public ClusterSettings InCluster(IPEndPoint listens, params IPEndPoint[] others) => new(
        listens, [listens, .. others], Settings.Certificate, Settings.Key, PathOf("ca.pem"), PlacementStrategy.Spread, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10));

    public void Dispose()
    {
        Authority.Dispose();
        _directory.Dispose();
    }
}
