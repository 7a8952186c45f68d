using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>What becomes of a VM when its node is lost. Only what is not <c>wait</c>, which is how all are that ask for nothing.</summary>
internal enum OnNodeLoss
{
    /// <summary>It is started anew on another node.</summary>
    Restart,
}

/// <summary>What an agent asked for when it created a VM, checked and with the defaults filled in. Never changes.</summary>
/// <param name="Name">The name; the instance id where none was given.</param>
/// <param name="Os">The name of the image.</param>
/// <param name="Vcpus">Virtual processors.</param>
/// <param name="RamBytes">Memory in bytes.</param>
/// <param name="DiskBytes">Disk in bytes, or 0: as the image has it.</param>
/// <param name="Network">The network device.</param>
/// <param name="Model">What the VM is for, <c>provider:name</c>.</param>
/// <param name="Labels">The agent's labels.</param>
/// <param name="RecordSession">Whether the agent asked for recorded terminal sessions.</param>
/// <param name="Image">The image as it was at creation.</param>
/// <param name="Placement">On which node it may be; null: on any.</param>
/// <param name="OnNodeLoss">What becomes of it when its node is lost; null: it waits for its node.</param>
internal sealed record VmSpec(
    string Name,
    string Os,
    int Vcpus,
    long RamBytes,
    long DiskBytes,
    NetworkMode Network,
    string? Model,
    IReadOnlyDictionary<string, string> Labels,
    bool RecordSession,
    ImageRef Image,
    PlacementWish? Placement = null,
    OnNodeLoss? OnNodeLoss = null)
{
    private static readonly Dictionary<string, string> NoLabels = [];

    /// <summary>The same, with what it has in common with others in one piece.</summary>
    public VmSpec Shared()
    {
        var image = Image.Shared();
        return this with { Image = image, Os = Os == image.Name ? image.Name : Os, Labels = Labels.Count == 0 ? NoLabels : Labels };
    }

    /// <summary>The request that would make it anew, on any node that may have it.</summary>
    public VmRequest ToRequest() => new(
        Os, Vcpus, RamBytes, DiskBytes, Network, Model, Name, RecordSession, Labels, Placement is null ? null : Placement with { Node = null }, OnNodeLoss);

    /// <summary>The plan of the domain.</summary>
    public DomainPlan Plan(InstanceId id, string node) =>
        new(id, node, Name, Image, Vcpus, RamBytes, DiskBytes, Network, Model, Labels);
}

/// <summary>What a <c>vm/create</c> asks for, before the node adds what it knows. Its digest tells a repeat from another request.</summary>
internal sealed record VmRequest(
    string Os,
    int Vcpus,
    long RamBytes,
    long DiskBytes,
    NetworkMode Network,
    string? Model,
    string? Name,
    bool RecordSession,
    IReadOnlyDictionary<string, string> Labels,
    PlacementWish? Placement = null,
    OnNodeLoss? OnNodeLoss = null)
{
    /// <summary>The disk that it takes of a node.</summary>
    /// <param name="imageBytes">The size of its image's disk; 0: the image has none.</param>
    public long DiskOver(long imageBytes) => DiskBytes == 0 ? imageBytes : DiskBytes;

    /// <summary>SHA-256 over the normalised request: the same for "4GB" and "4GiB", another for any other wish.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, Os);
        Add(hash, Vcpus.ToString(CultureInfo.InvariantCulture));
        Add(hash, RamBytes.ToString(CultureInfo.InvariantCulture));
        Add(hash, DiskBytes.ToString(CultureInfo.InvariantCulture));
        Add(hash, Network.ToString());
        Add(hash, Model);
        Add(hash, Name);
        Add(hash, RecordSession ? "record" : "");
        Add(hash, Labels);
        if (Placement is { } placement)
        {
            // Behind all that a request without it has, which keeps its digest.
            Add(hash, "placement");
            Add(hash, placement.Node);
            Add(hash, placement.NodeLabels);
            Add(hash, "apart");
            Add(hash, placement.AntiAffinity);
        }

        if (OnNodeLoss is { } then)
        {
            Add(hash, "on-node-loss");
            Add(hash, then.ToString());
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (key, value) in labels.OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            Add(hash, key);
            Add(hash, value);
        }
    }

    // Each part bears its length, so that no two requests run together into the same bytes.
    private static void Add(IncrementalHash hash, string? part)
    {
        var bytes = part is null ? [] : Encoding.UTF8.GetBytes(part);
        hash.AppendData(Encoding.ASCII.GetBytes($"{(part is null ? -1 : bytes.Length)}:"));
        hash.AppendData(bytes);
    }
}
