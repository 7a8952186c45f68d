using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>A VM that a node released.</summary>
/// <param name="Id">The VM.</param>
/// <param name="Node">Whose it is by now.</param>
/// <param name="IsGivenUp">Whether the node that it was released to has not taken it, and was given up.</param>
internal sealed record ReleasedVm(InstanceId Id, string Node, bool IsGivenUp);

/// <summary>What the store knows of VMs that go from one node to another. Safe for all threads.</summary>
internal interface IAdoptions
{
    /// <summary>How a VM stands; null: it is none that is there, or what stands in its stream cannot be understood.</summary>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<VmLeft?> FindAsync(InstanceId id);

    /// <summary>Which of a node's VMs are another's by now, and whose.</summary>
    /// <param name="node">The node, which has claimed its name: from then on nobody takes a VM from it.</param>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<IReadOnlyDictionary<InstanceId, string>> DepartedAsync(string node);

    /// <summary>Which VMs were released to a node that it has not adopted yet, and by whom.</summary>
    /// <param name="node">The node.</param>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<IReadOnlyDictionary<InstanceId, string>> ReleasedToAsync(string node);

    /// <summary>What became of VMs that were released.</summary>
    /// <param name="ids">The VMs.</param>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<IReadOnlyList<ReleasedVm>> WhereAreAsync(IReadOnlyCollection<InstanceId> ids);
}
