namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>An image that VMs can be made of now.</summary>
/// <param name="Ref">What a VM remembers of it.</param>
/// <param name="RamMinBytes">The least memory in bytes that it boots with.</param>
/// <param name="DiskBytes">The size in bytes of its disk; 0 for an image without.</param>
internal sealed record ImageOffer(ImageRef Ref, long RamMinBytes, long DiskBytes);

/// <summary>The images of a node. Safe for all threads; an image that was imported is there without a restart.</summary>
internal interface IImages
{
    /// <summary>The image of that name, or null when there is none or it is not built.</summary>
    ImageOffer? Find(string name);

    /// <summary>The names of those there are, in order.</summary>
    IReadOnlyList<string> Names { get; }
}
