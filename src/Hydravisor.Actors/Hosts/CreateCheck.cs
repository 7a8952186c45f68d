using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Hosts;

/// <summary>Whether a node can make what is asked for. Pure.</summary>
internal static class CreateCheck
{
    /// <summary>The draft of a VM with the defaults filled in, or what is impossible about the request, said so that it can be mended.</summary>
    /// <param name="request">The request.</param>
    /// <param name="images">The node's images.</param>
    /// <param name="settings">The node's limits.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="labels">The node's labels.</param>
    public static (VmSpecDraft? Draft, string? Impossible) Draft(
        VmRequest request, IImages images, HostSettings settings, string node, IReadOnlyDictionary<string, string> labels)
    {
        if (request.Placement?.WhyNot(node, labels) is { } elsewhere)
        {
            return (null, $"the node '{node}' is not where this VM may be: {elsewhere}");
        }

        if (images.Find(request.Os) is not { } image)
        {
            var names = string.Join(", ", images.Names);
            return (null, $"os '{request.Os}' is not an image of this node; there are: {(names.Length == 0 ? "none" : names)}");
        }

        var (sized, impossible) = settings.Limits.Size(request, NodeImage.Of(image));
        return impossible is null ? (new VmSpecDraft(sized, image, request.Digest()), null) : (null, impossible);
    }
}
