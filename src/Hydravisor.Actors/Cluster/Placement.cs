using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Which of the nodes that could take a VM does.</summary>
internal enum PlacementStrategy
{
    /// <summary>The one that is least full with it: a node that is lost takes few VMs with it.</summary>
    Spread,

    /// <summary>The one that is fullest with it: room for large ones stays whole.</summary>
    Pack,
}

/// <summary>Why a node does not take a VM.</summary>
/// <param name="Node">The node.</param>
/// <param name="Code">What kind of reason it is.</param>
/// <param name="Why">Part of a sentence.</param>
internal sealed record NodeRefusal(string Node, ErrorCode Code, string Why);

/// <summary>Where a VM is placed, or why nowhere.</summary>
/// <param name="Node">The node, as it is now; null: none can take it.</param>
/// <param name="Request">The request with what the node fills in.</param>
/// <param name="Refusals">The nodes that cannot.</param>
internal sealed record PlacementDecision(NodeView? Node, VmRequest Request, IReadOnlyList<NodeRefusal> Refusals);

/// <summary>Finds the node for a new VM. Pure: the node itself has the last word.</summary>
internal static class Placement
{
    private const int NamedMax = 10;

    /// <summary>Chooses among nodes.</summary>
    /// <param name="request">The VM.</param>
    /// <param name="nodes">The nodes as they were last heard of; of those that are equal the first is taken.</param>
    /// <param name="strategy">Which of those that can.</param>
    /// <param name="tried">Nodes that refused already, with what they said: they are not asked again.</param>
    public static PlacementDecision Choose(VmRequest request, IEnumerable<NodeView> nodes, PlacementStrategy strategy, IReadOnlyDictionary<string, NodeRefusal> tried)
    {
        var refusals = new List<NodeRefusal>(tried.Values);
        var (best, bestRequest, bestScore) = ((NodeView?)null, request, double.NegativeInfinity);
        foreach (var node in nodes)
        {
            if (tried.ContainsKey(node.Node))
            {
                continue;
            }

            var (sized, refusal) = Judge(request, node);
            if (refusal is not null)
            {
                refusals.Add(refusal);
                continue;
            }

            var fullness = node.Room!.With(sized.Vcpus, sized.RamBytes, DiskOf(sized, node)).Fullness;
            var score = strategy == PlacementStrategy.Pack ? fullness : -fullness;
            if (score > bestScore)
            {
                (best, bestRequest, bestScore) = (node, sized, score);
            }
        }

        return new PlacementDecision(best, bestRequest, refusals);
    }

    /// <summary>What a VM's disk takes of a node.</summary>
    public static long DiskOf(VmRequest request, NodeView node) => request.DiskOver(node.Find(request.Os)?.DiskBytes ?? 0);

    /// <summary>The answer where no node takes the VM: what was short where.</summary>
    /// <param name="request">The VM.</param>
    /// <param name="isNew">Whether it was to be made; else it was to go there from another node.</param>
    /// <param name="belongs">Whether a node is one of the cluster, whether or not it said what it has left.</param>
    /// <param name="nodes">All nodes that said so, with their images.</param>
    /// <param name="refusals">Why each does not.</param>
    public static (ErrorCode Code, string Message) Sentence(
        VmRequest request, bool isNew, Func<string, bool> belongs, IReadOnlyCollection<NodeView> nodes, IReadOnlyList<NodeRefusal> refusals)
    {
        var again = isNew ? "; nothing was created, try again" : "";
        var unheard = request.Placement?.Node is { } asked && nodes.All(node => node.Node != asked) ? asked : null;
        if (unheard is not null && belongs(unheard))
        {
            // That it is slow, or cannot be reached now, says nothing about the request.
            return (ErrorCode.Unavailable, $"placement.node '{unheard}' did not say in time what it has left{again}");
        }

        if (refusals.Count == 0)
        {
            return (ErrorCode.Unavailable, $"no node of the cluster answers{again}");
        }

        if (unheard is not null)
        {
            return (ErrorCode.Impossible, $"placement.node '{unheard}' is not a node that is there; there are: {string.Join(", ", nodes.Select(node => node.Node).Order(StringComparer.Ordinal))}");
        }

        refusals = request.Placement?.Node is { } only ? [.. refusals.Where(refusal => refusal.Node == only)] : refusals;

        // What may be otherwise later comes before what cannot.
        var code = refusals.Any(refusal => refusal.Code == ErrorCode.NoRoom) ? ErrorCode.NoRoom
            : refusals.Any(refusal => refusal.Code == ErrorCode.Unavailable) ? ErrorCode.Unavailable
            : ErrorCode.Impossible;
        if (code == ErrorCode.Impossible && nodes.All(node => node.Find(request.Os) is null))
        {
            var images = nodes.SelectMany(node => node.Images).Select(image => image.Name).Distinct().Order(StringComparer.Ordinal).ToList();
            return (code, $"os '{request.Os}' is not an image of any node; there are: {(images.Count == 0 ? "none" : string.Join(", ", images))}");
        }

        var told = refusals.OrderBy(refusal => refusal.Code == code ? 0 : 1).ThenBy(refusal => refusal.Node, StringComparer.Ordinal).Take(NamedMax)
            .Select(refusal => $"{refusal.Node}: {refusal.Why}");
        var more = refusals.Count > NamedMax ? $"; and {refusals.Count - NamedMax} more" : "";
        var what = code switch
        {
            ErrorCode.NoRoom => "no node has room",
            ErrorCode.Unavailable => isNew ? "no node can make it now, and nothing was created" : "no node can take it now",
            _ => isNew ? "no node can make it" : "no node can take it",
        };
        return (code, $"{what}: {string.Join("; ", told)}{more}");
    }

    private static (VmRequest Sized, NodeRefusal? Refusal) Judge(VmRequest request, NodeView node)
    {
        NodeRefusal Refuse(ErrorCode code, string why) => new(node.Node, code, why);
        if (request.Placement?.WhyNot(node.Node, node.Labels) is { } elsewhere)
        {
            return (request, Refuse(ErrorCode.Impossible, elsewhere));
        }

        if (node.Find(request.Os) is not { } image)
        {
            return (request, Refuse(ErrorCode.Impossible, $"it has no image {request.Os}"));
        }

        var (sized, impossible) = node.Limits.Size(request, image);
        return impossible is not null ? (sized, Refuse(ErrorCode.Impossible, impossible))
            : node.Cordon is { } cordon ? (sized, Refuse(ErrorCode.NoRoom, cordon.Sentence))
            : node.Trouble is { } trouble ? (sized, Refuse(ErrorCode.Unavailable, $"its hypervisor cannot be reached ({trouble})"))
            : node.Room is not { } room ? (sized, Refuse(ErrorCode.Unavailable, "its capacity is not known yet"))
            : room.WhyNot(sized.Vcpus, sized.RamBytes, DiskOf(sized, node)) is { } shortage ? (sized, Refuse(ErrorCode.NoRoom, shortage))
            : (sized, null);
    }
}
