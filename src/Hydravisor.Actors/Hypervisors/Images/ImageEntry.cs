using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>How the guests of an image boot.</summary>
internal enum ImageBoot
{
    /// <summary>QEMU loads the kernel and its initial file system itself.</summary>
    Kernel,

    /// <summary>By the boot loader on the disk.</summary>
    Disk,
}

/// <summary>One image of the catalogue. A value; all paths are absolute.</summary>
internal sealed record ImageEntry
{
    /// <summary>Its name: the <c>os</c> of a <c>vm/create</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How its guests boot.</summary>
    public required ImageBoot Boot { get; init; }

    /// <summary>Of the guest's processor, as QEMU names it: <c>x86_64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The kernel, for <see cref="ImageBoot.Kernel"/>.</summary>
    public string? KernelPath { get; init; }

    /// <summary>The kernel's initial file system, where it has one.</summary>
    public string? InitrdPath { get; init; }

    /// <summary>What the kernel is told.</summary>
    public string? Cmdline { get; init; }

    /// <summary>The disk that each VM gets an overlay above; null: an image without.</summary>
    public string? DiskPath { get; init; }

    /// <summary>The format of that disk, <c>qcow2</c> or <c>raw</c>: stated, never guessed.</summary>
    public string DiskFormat { get; init; } = "qcow2";

    /// <summary>The least memory that it boots with.</summary>
    public required ByteSize MinRam { get; init; }

    /// <summary>How its guests show life.</summary>
    public required ReadySignal Ready { get; init; }

    /// <summary>Whether the QEMU guest agent runs in its guests.</summary>
    public bool Agent { get; init; }

    /// <summary>Whether its guests read a NoCloud seed.</summary>
    public bool CloudInit { get; init; }

    /// <summary>The digest of its disk or kernel, where the catalogue states one.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The folder below <c>images/</c> whose <c>build.sh</c> makes it; null for an imported one.</summary>
    public string? Recipe { get; init; }

    /// <summary>Whether its files are there.</summary>
    public bool IsBuilt { get; init; }
}
