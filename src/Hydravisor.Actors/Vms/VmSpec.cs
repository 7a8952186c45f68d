using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

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
    ImageRef Image)
{
    private static readonly Dictionary<string, string> NoLabels = [];

    /// <summary>The same, with what it has in common with others in one piece.</summary>
    public VmSpec Shared()
    {
        var image = Image.Shared();
        return this with { Image = image, Os = Os == image.Name ? image.Name : Os, Labels = Labels.Count == 0 ? NoLabels : Labels };
    }

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
    IReadOnlyDictionary<string, string> Labels)
{
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
        foreach (var (key, value) in Labels.OrderBy(label => label.Key, StringComparer.Ordinal))
        {
            Add(hash, key);
            Add(hash, value);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Each part bears its length, so that no two requests run together into the same bytes.
    private static void Add(IncrementalHash hash, string? part)
    {
        var bytes = part is null ? [] : Encoding.UTF8.GetBytes(part);
        hash.AppendData(Encoding.ASCII.GetBytes($"{(part is null ? -1 : bytes.Length)}:"));
        hash.AppendData(bytes);
    }
}
