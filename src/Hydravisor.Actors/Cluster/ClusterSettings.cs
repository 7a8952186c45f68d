using System.Net;

namespace Hydravisor.Actors.Cluster;

/// <summary>How a node finds the others, and shows them that it belongs to them. Immutable.</summary>
/// <param name="Listen">Where it listens for other nodes.</param>
/// <param name="Seeds">Where a node that starts looks for others: the same list, in the same order, on all nodes.</param>
/// <param name="Certificate">Path of its certificate, a PEM file.</param>
/// <param name="Key">Path of the certificate's private key, a PEM file.</param>
/// <param name="Ca">Path of the CA that all nodes' certificates are of, a PEM file: who has one of it is a node.</param>
/// <param name="Placement">Which of the nodes that can take a VM does.</param>
/// <param name="FailAfter">After how long without a heartbeat a node counts as not reachable.</param>
/// <param name="DownAfter">After how long of a partition that does not change the smaller side leaves.</param>
internal sealed record ClusterSettings(
    IPEndPoint Listen, IReadOnlyList<IPEndPoint> Seeds, string Certificate, string Key, string Ca, PlacementStrategy Placement, TimeSpan FailAfter, TimeSpan DownAfter);
