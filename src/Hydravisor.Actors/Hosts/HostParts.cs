using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Terminals;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Hosts;

/// <summary>What a host actor works with.</summary>
internal sealed record HostParts(
    string Node,
    IHypervisor Hypervisor,
    ITerminals Terminals,
    IImages Images,
    Roster Roster,
    HostSettings Settings,
    VmSettings VmSettings,
    TimeProvider Time);
