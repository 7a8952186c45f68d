using System.Net;
using Hydravisor.Actors.Cluster;

namespace Hydravisor.Actors.Setup;

/// <summary>Reads <c>hydravisor.cluster</c>.</summary>
internal static class ClusterReader
{
    /// <summary>Reads it.</summary>
    /// <param name="cluster">The group.</param>
    /// <param name="sharesJournal">Whether the journal is a database that nodes share.</param>
    /// <returns>Null: the node is by itself.</returns>
    /// <exception cref="SettingException">Something of it is missing, or cannot be.</exception>
    public static ClusterSettings? Read(SettingsReader cluster, bool sharesJournal)
    {
        var tls = cluster.In("tls");
        var (certificate, key, ca) = (tls.Text("certificate"), tls.Text("key"), tls.Text("ca"));
        var seeds = Seeds(cluster);
        if (cluster.Text("listen").Length == 0)
        {
            return seeds.Count + certificate.Length + key.Length + ca.Length > 0
                ? throw new SettingException("hydravisor.cluster is set in part: without listen (HYDRAVISOR_CLUSTER_LISTEN), the address and port for other nodes, a node is by itself")
                : null;
        }

        if (!sharesJournal)
        {
            throw new SettingException("hydravisor.cluster.listen needs a journal that the nodes share: set hydravisor.journal.postgresql (HYDRAVISOR_POSTGRESQL)");
        }

        var listen = cluster.EndPoint("listen");
        if (listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any) || listen.Port == 0)
        {
            throw new SettingException($"hydravisor.cluster.listen = \"{listen}\" is not usable: other nodes must find this one there, so it must be an address of this machine and a port");
        }

        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("certificate", certificate), ("key", key), ("ca", ca)])
        {
            if (value.Length == 0)
            {
                throw new SettingException($"hydravisor.cluster.tls.{name} is missing: nodes know each other by certificates of one CA (certificate, key and ca, each a PEM file)");
            }
        }

        return seeds.Count == 0
            ? throw new SettingException("hydravisor.cluster.seeds is empty: name the addresses where a node that starts finds others, its own too, in the same order on all nodes (HYDRAVISOR_CLUSTER_SEEDS)")
            : new ClusterSettings(
                listen, seeds, Path.GetFullPath(certificate), Path.GetFullPath(key), Path.GetFullPath(ca),
                cluster.OneOf("placement", "spread", "pack") == "pack" ? PlacementStrategy.Pack : PlacementStrategy.Spread, cluster.Time("fail-after"), cluster.Time("down-after"));
    }

    private static List<IPEndPoint> Seeds(SettingsReader cluster) =>
        [.. cluster.Words("seeds").Select(text => IPEndPoint.TryParse(text, out var seed) && seed.Port > 0
            ? seed
            : throw new SettingException($"hydravisor.cluster.seeds has \"{text}\", which is not usable: it must be an IP address and a port, such as \"10.0.0.1:7412\""))];
}
