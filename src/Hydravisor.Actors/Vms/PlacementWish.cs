using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>On which node a VM may be. Part of its spec, so that it holds wherever the VM is brought later.</summary>
/// <param name="Node">The node's name; null: any.</param>
/// <param name="NodeLabels">Labels that the node must bear.</param>
/// <param name="AntiAffinity">A node that has a VM with all of these labels is left out; none: none is.</param>
internal sealed record PlacementWish(string? Node, IReadOnlyDictionary<string, string> NodeLabels, IReadOnlyDictionary<string, string> AntiAffinity)
{
    /// <summary>Whether a VM with these labels must not be on the same node.</summary>
    public bool IsApartFrom(IReadOnlyDictionary<string, string> labels) => AntiAffinity.Count > 0 && Label.Bears(labels, AntiAffinity);

    /// <summary>Why a node is not one that is wished for; null: it is.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="labels">Its labels.</param>
    public string? WhyNot(string node, IReadOnlyDictionary<string, string> labels) =>
        Node is { } wanted && wanted != node ? $"placement.node is '{wanted}'"
        : NodeLabels.Where(label => !Label.Bears(labels, label.Key, label.Value)).Select(label => $"{label.Key}={label.Value}").ToList() is { Count: > 0 } missing
            ? $"it does not bear {string.Join(", ", missing)}"
            : null;
}
