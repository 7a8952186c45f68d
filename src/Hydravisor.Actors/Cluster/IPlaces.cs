using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Which node has which VM, by what the store says. Safe for all threads.</summary>
internal interface IPlaces
{
    /// <summary>The node whose VM it is; null: there never was one of that id.</summary>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<string?> FindAsync(InstanceId id);

    /// <summary>The nodes that have VMs.</summary>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<IReadOnlyList<string>> NodesAsync();

    /// <summary>The VMs of a node as they stand in its journal: for who cannot ask the node itself. One whose events cannot be understood is left out.</summary>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<IReadOnlyList<VmView>> VmsOfAsync(string node);
}
