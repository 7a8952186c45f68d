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
    /// <summary>The hypervisor.</summary>
    public IHypervisor Hypervisor => Ports.Hypervisor;
}
