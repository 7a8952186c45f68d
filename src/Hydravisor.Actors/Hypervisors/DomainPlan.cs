using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors;

/// <summary>What network device a guest gets.</summary>
internal enum NetworkMode
{
    /// <summary>No device at all.</summary>
    None,

    /// <summary>QEMU's user-mode NAT: outward connections only.</summary>
    User,
}

/// <summary>How a guest shows life.</summary>
/// <param name="ConsolePattern">A regular expression that a console line matches when the guest is up; null: not by the console.</param>
/// <param name="Agent">Whether an answer of the guest agent counts.</param>
internal sealed record ReadySignal(string? ConsolePattern, bool Agent);

/// <summary>The image of a VM as it was when the VM was made.</summary>
/// <param name="Name">Its name in the catalogue.</param>
/// <param name="Sha256">The digest of its disk or kernel, where the catalogue states one.</param>
/// <param name="Ready">How its guests show life.</param>
internal sealed record ImageRef(string Name, string? Sha256, ReadySignal Ready)
{
    // A node has few images and many VMs. More than these are no images that a person keeps, and are not shared.
    private const int SharedMax = 4096;
    private static readonly ConcurrentDictionary<ImageRef, ImageRef> Known = new();

    /// <summary>The same, in one piece for all VMs of the image: half a kilobyte less for each. Safe for all threads.</summary>
    public ImageRef Shared() => Known.TryGetValue(this, out var known) ? known : Known.Count < SharedMax ? Known.GetOrAdd(this, this) : this;
}

/// <summary>All that a hypervisor must know to make one domain. A value; the paths follow from the id.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Node">The node that owns it: stands in the domain's metadata.</param>
/// <param name="Name">The name a person gave it.</param>
/// <param name="Image">What it boots.</param>
/// <param name="Vcpus">Virtual processors, from 1.</param>
/// <param name="RamBytes">Memory in bytes.</param>
/// <param name="DiskBytes">Size of the disk in bytes; 0: as the image has it, or none for an image without.</param>
/// <param name="Network">Its network device.</param>
/// <param name="Model">What it was made for, <c>provider:name</c>: handed to the guest.</param>
/// <param name="Labels">Handed to the guest.</param>
internal sealed record DomainPlan(
    InstanceId Id,
    string Node,
    string Name,
    ImageRef Image,
    int Vcpus,
    long RamBytes,
    long DiskBytes,
    NetworkMode Network,
    string? Model,
    IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Whether its disk came from another node: none is made in place of it.</summary>
    public bool IsImported { get; init; }

    /// <summary>Whether it came from another node as it ran, and may stand still where a place was made for it.</summary>
    public bool IsLanded { get; init; }

    /// <summary>The name of the domain and of the tmux session.</summary>
    public static string DomainName(InstanceId id) => $"hydravisor-{id.Value}";

    /// <summary>The instance whose domain bears that name, or null when it is none of ours.</summary>
    public static InstanceId? FromDomainName(string name) =>
        name.StartsWith("hydravisor-", StringComparison.Ordinal) && InstanceId.TryParse(name["hydravisor-".Length..], out var id) ? id : null;

    /// <summary>The UUID of the domain: always the same for an instance, so that defining it twice is defining it once.</summary>
    /// <remarks>Version 8 of RFC 9562: our own hash, SHA-256, of the instance id.</remarks>
    public static Guid DomainUuid(InstanceId id)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes("hydravisor-domain\n" + id.Value), hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
