using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors;

/// <summary>What a domain was seen to be.</summary>
internal enum Power
{
    /// <summary>There is no such domain.</summary>
    Missing,

    /// <summary>It is defined and does not run.</summary>
    Off,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It runs, and its processors stand still.</summary>
    Paused,
}

/// <summary>Why a domain is off.</summary>
internal enum OffReason
{
    /// <summary>Not known, or it never ran.</summary>
    Unknown,

    /// <summary>The guest powered itself off.</summary>
    Shutdown,

    /// <summary>It was destroyed by a call.</summary>
    Destroyed,

    /// <summary>Its QEMU process died.</summary>
    Crashed,
}

/// <summary>One look at one domain.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Power">What it is doing.</param>
/// <param name="Off">Why it is off, where it is.</param>
/// <param name="Run">A number that differs between two starts of the domain; 0 when it does not run.</param>
/// <param name="Owner">The node in the domain's metadata.</param>
internal sealed record Sighting(InstanceId Id, Power Power, OffReason Off, long Run, string Owner)
{
    /// <summary>No such domain was found.</summary>
    public static Sighting NotThere(InstanceId id) => new(id, Power.Missing, OffReason.Unknown, 0, "");
}

/// <summary>What a hypervisor tells without being asked. A hint to look, never a truth in itself.</summary>
internal abstract record HypervisorNews
{
    /// <summary>A domain changed: look at it.</summary>
    public sealed record Changed(InstanceId Id, string What) : HypervisorNews;

    /// <summary>A guest was reset and boots again within the same domain.</summary>
    public sealed record Rebooted(InstanceId Id) : HypervisorNews;

    /// <summary>The hypervisor was reached, for the first time or again: look at everything.</summary>
    public sealed record Connected : HypervisorNews;

    /// <summary>The hypervisor cannot be reached.</summary>
    public sealed record Lost(string Reason) : HypervisorNews;
}

/// <summary>What a node has to give.</summary>
/// <param name="Cpus">Processors.</param>
/// <param name="RamBytes">Memory in bytes.</param>
/// <param name="DiskBytes">Size in bytes of the file system that holds the disks.</param>
/// <param name="DiskFreeBytes">What is free of it.</param>
internal sealed record Capacity(int Cpus, long RamBytes, long DiskBytes, long DiskFreeBytes);
