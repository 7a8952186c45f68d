using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Gateway.Tls;

namespace Hydravisor.Actors.Setup;

/// <summary>What Akka.NET must know to make a node one of a cluster.</summary>
internal static class ClusterWiring
{
    private const int HeartbeatsInFailTime = 5;

    /// <summary>Lays the settings of a cluster over a node's configuration.</summary>
    /// <param name="config">The node's configuration.</param>
    /// <param name="cluster">The cluster; null: the node is by itself.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="epoch">The epoch in which this process is that node: by it others fence this process and no later one.</param>
    public static Config With(Config config, ClusterSettings? cluster, string node, long? epoch)
    {
        if (cluster is null)
        {
            return config;
        }

        var text = string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            akka.actor.provider = cluster
            akka.remote.dot-netty.tcp { hostname = "{{Host(cluster.Listen)}}", port = {{cluster.Listen.Port}} }
            akka.cluster {
              roles = ["{{Members.RoleOf(node)}}", "{{Members.RoleOf(epoch ?? 0)}}"]
              failure-detector {
                heartbeat-interval = {{cluster.FailAfter.TotalMilliseconds / HeartbeatsInFailTime}}ms
                acceptable-heartbeat-pause = {{cluster.FailAfter.TotalMilliseconds}}ms
              }
              split-brain-resolver.stable-after = {{cluster.DownAfter.TotalMilliseconds}}ms
            }
            """);
        return ConfigurationFactory.ParseString(text).WithFallback(config.GetConfig("hydravisor.in-a-cluster")).WithFallback(config);
    }

    /// <summary>The certificate that a node shows the others, with its key, and the CAs by which it judges theirs.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <exception cref="SettingException">The files cannot be used, or others would not let it in.</exception>
    public static (X509Certificate2 Certificate, X509Certificate2Collection Cas) Identity(ClusterSettings cluster)
    {
        var cas = new X509Certificate2Collection();
        X509Certificate2 certificate;
        try
        {
            cas.ImportFromPemFile(cluster.Ca);
            using var ephemeral = X509Certificate2.CreateFromPemFile(cluster.Certificate, cluster.Key);
            certificate = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), password: null);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"hydravisor.cluster.tls cannot be used ({cluster.Certificate}, {cluster.Key}, {cluster.Ca}): {e.Message}");
        }

        return WhyNot(certificate, cas) is { } why
            ? throw new SettingException($"hydravisor.cluster.tls.certificate ({cluster.Certificate}) would not be let in by other nodes: {why}")
            : (certificate, cas);
    }

    /// <summary>How a node shows the others who it is, and judges them.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <exception cref="SettingException">The files cannot be used.</exception>
    public static DotNettySslSetup Tls(ClusterSettings cluster)
    {
        var (certificate, cas) = Identity(cluster);
        return new DotNettySslSetup(certificate, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: false, Judge);

        bool Judge(X509Certificate2? shown, X509Chain? chain, string peer, System.Net.Security.SslPolicyErrors errors, ILoggingAdapter log)
        {
            if (WhyNot(shown, cas) is not { } refused)
            {
                return true;
            }

            log.Warning("{Peer} is no node of this cluster: {Reason}", peer, refused);
            return false;
        }
    }

    // Whoever has a certificate of the cluster's CA is a node of it, under whatever name.
    private static string? WhyNot(X509Certificate2? certificate, X509Certificate2Collection cas)
    {
        if (certificate is null)
        {
            return "it shows no certificate";
        }

        using var chain = new X509Chain { ChainPolicy = PrivateCa.Policy(cas) };
        return chain.Build(certificate) ? null : PrivateCa.WhyRefused(certificate, chain);
    }

    /// <summary>The address of a node's actors.</summary>
    /// <param name="system">The name of its actor system.</param>
    /// <param name="listens">Where it listens for other nodes.</param>
    public static Address AddressOf(string system, IPEndPoint listens) => new("akka.ssl.tcp", system, Host(listens), listens.Port);

    private static string Host(IPEndPoint address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address.Address}]" : address.Address.ToString();
}
