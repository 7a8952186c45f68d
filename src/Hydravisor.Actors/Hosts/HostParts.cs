using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Hosts;

/// <summary>What a host actor works with.</summary>
internal sealed record HostParts(
    string Node,
    VmPorts Ports,
    IImages Images,
    Roster Roster,
    HostSettings Settings,
    VmSettings VmSettings,
    AccessControl Access,
    TimeProvider Time)
{
    /// <summary>The node's labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>What is settled with nodes that share the store; null: there are none.</summary>
    public IReservations? Reservations { get; init; }

    /// <summary>What is known of VMs that go from one node to another; null: there are no others.</summary>
    public IAdoptions? Adoptions { get; init; }

    /// <summary>The disks of VMs of those; null: there are no others.</summary>
    public IRemoteDisks? RemoteDisks { get; init; }

    /// <summary>The hypervisor.</summary>
    public IHypervisor Hypervisor => Ports.Hypervisor;
}
