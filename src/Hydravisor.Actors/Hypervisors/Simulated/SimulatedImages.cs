using Hydravisor.Actors.Hypervisors.Images;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>The images of a simulated hypervisor: names without files.</summary>
internal sealed class SimulatedImages : IImages
{
    private static readonly ImageOffer Offer = new(
        new ImageRef("tiny", Sha256: null, new ReadySignal("^hydravisor: ready ", Agent: false)), RamMinBytes: 32 << 20, DiskBytes: 0);

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["debian-12", "tiny", "ubuntu-22.04"];

    /// <inheritdoc/>
    public ImageOffer? Find(string name) =>
        Names.Contains(name) ? Offer with { Ref = Offer.Ref with { Name = name, Ready = Offer.Ref.Ready with { Agent = name != "tiny" } } } : null;
}
