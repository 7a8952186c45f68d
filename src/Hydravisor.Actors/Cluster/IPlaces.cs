using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Moves of VMs.</summary>
/// <param name="Moved">Which VM is where now.</param>
/// <param name="Last">The number of the last of them, or that which was asked behind.</param>
internal sealed record VmMoves(IReadOnlyList<(InstanceId Id, string To)> Moved, long Last);

/// <summary>Which node has which VM, by what the store says. Safe for all threads.</summary>
internal interface IPlaces
{
    /// <summary>The node whose VM it is; null: there never was one of that id.</summary>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<string?> FindAsync(InstanceId id);

    /// <summary>The nodes that have VMs.</summary>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<IReadOnlyList<string>> NodesAsync();

    /// <summary>Which VMs went to another node since, in the order in which they did; each once, with its last move.</summary>
    /// <param name="after">The number of the last move that is known; 0: none is.</param>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<VmMoves> MovesAsync(long after);

    /// <summary>The VMs of a node as they stand in its journal: for who cannot ask the node itself. One whose events cannot be understood is left out.</summary>
    /// <param name="node">The node.</param>
    /// <param name="goneSince">Since when deleted ones are told too, by the node's clock.</param>
    /// <param name="before">What was read before, so that only what came since need be; null: nothing.</param>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<StoredVms> VmsOfAsync(string node, DateTimeOffset goneSince, StoredVms? before);

    /// <summary>A VM as it stands in the journal of its node; null: it is not there, or its events cannot be understood.</summary>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<VmView?> VmAsync(InstanceId id);
}
