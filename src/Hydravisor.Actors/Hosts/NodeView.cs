using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>A node as others may see it: what VMs it could take. Immutable; a moment later it may be otherwise, so the node itself has the last word.</summary>
/// <param name="Correlation">The number of the question.</param>
/// <param name="Node">Its name.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Trouble">Why nothing can be made there now; null: it can.</param>
/// <param name="Cordon">Null: it takes new VMs.</param>
/// <param name="Room">What it has to give; null: not known.</param>
/// <param name="Limits">The most of one VM.</param>
/// <param name="Images">Its images.</param>
internal sealed record NodeView(
    long Correlation,
    string Node,
    IReadOnlyDictionary<string, string> Labels,
    string? Trouble,
    Cordon? Cordon,
    Room? Room,
    NodeLimits Limits,
    IReadOnlyList<NodeImage> Images)
{
    private IReadOnlyDictionary<string, NodeImage>? _byName;

    /// <summary>How far its VMs have been moved to other nodes; null: they are not.</summary>
    public DrainStanding? Drain { get; init; }

    /// <summary>The image of that name; null: it has none.</summary>
    public NodeImage? Find(string os) => (_byName ??= Images.ToDictionary(image => image.Name, StringComparer.Ordinal)).GetValueOrDefault(os);
}

/// <summary>Whether a node belongs, and how it is.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">In a word, as the wire has it.</param>
/// <param name="Since">Since when; null: not known.</param>
/// <param name="View">What it said of itself; null: it did not answer.</param>
internal sealed record NodeStanding(string Name, string State, DateTimeOffset? Since, NodeView? View)
{
    /// <summary>The word for one that is there.</summary>
    public const string Up = "up";
}

/// <summary>Whether a node shall take new VMs.</summary>
/// <param name="IsCordoned">False: it shall.</param>
/// <param name="Why">In the words of who wants it; null: none were given.</param>
/// <param name="Drains">Whether its VMs are moved to other nodes too; not without the first.</param>
internal sealed record CordonWish(bool IsCordoned, string? Why, bool Drains = false)
{
    /// <summary>Whether it is so already.</summary>
    public bool IsOf(Cordon? cordon) => cordon is null ? !IsCordoned : IsCordoned && Why == cordon.Why && Drains == cordon.IsDrain;
}

/// <summary>How far a node's VMs have been moved to other nodes. Compared by reference.</summary>
/// <param name="Left">Those that it still has.</param>
/// <param name="Staying">Why some of them stay for now.</param>
internal sealed record DrainStanding(int Left, IReadOnlyList<DrainStay> Staying);

/// <summary>Why VMs of a node that is drained stay for now. Which they are is told to those only who may see them.</summary>
/// <param name="Why">Part of a sentence.</param>
/// <param name="Vms">How many.</param>
internal sealed record DrainStay(string Why, int Vms);

/// <summary>The most of one VM of a node.</summary>
/// <param name="Vcpus">Virtual processors.</param>
/// <param name="RamBytes">Memory.</param>
/// <param name="DiskBytes">Disk.</param>
/// <param name="RamDefaultBytes">Memory of one that asks for none in particular.</param>
internal sealed record NodeLimits(int Vcpus, long RamBytes, long DiskBytes, long RamDefaultBytes)
{
    /// <summary>What a VM of an image would have there, and what is impossible about that; null where nothing is. Pure.</summary>
    /// <param name="request">The request.</param>
    /// <param name="image">The image.</param>
    public (VmRequest Sized, string? Impossible) Size(VmRequest request, NodeImage image)
    {
        var sized = request with { RamBytes = request.RamBytes == 0 ? Math.Max(RamDefaultBytes, image.RamMinBytes) : request.RamBytes };
        return (sized, Impossible(sized, image));
    }

    private string? Impossible(VmRequest request, NodeImage image) =>
        request.Vcpus < 1 || request.Vcpus > Vcpus
            ? $"cpu {request.Vcpus} is not possible: 1 to {Vcpus} are"
        : request.RamBytes < image.RamMinBytes || request.RamBytes > RamBytes
            ? $"ram {new ByteSize(request.RamBytes)} is not possible for {request.Os}: {new ByteSize(image.RamMinBytes)} to {new ByteSize(RamBytes)} are"
        : request.DiskBytes != 0 && (request.DiskBytes < image.DiskBytes || request.DiskBytes > DiskBytes)
            ? $"disk {new ByteSize(request.DiskBytes)} is not possible for {request.Os}: {new ByteSize(Math.Max(image.DiskBytes, 1 << 20))} to {new ByteSize(DiskBytes)} are"
        : null;
}

/// <summary>An image of a node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="RamMinBytes">The least memory that it boots with.</param>
/// <param name="DiskBytes">The size of its disk; 0: none.</param>
internal sealed record NodeImage(string Name, long RamMinBytes, long DiskBytes)
{
    /// <summary>That of an offer.</summary>
    public static NodeImage Of(ImageOffer offer) => new(offer.Ref.Name, offer.RamMinBytes, offer.DiskBytes);
}
