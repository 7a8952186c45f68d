using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>A VM whose node was given up, and that is to be started anew elsewhere.</summary>
/// <param name="Id">The VM.</param>
/// <param name="Node">The node.</param>
internal sealed record StrandedVm(InstanceId Id, string Node);

/// <summary>The VMs of nodes that were fenced and have not come back, by what the store says. Safe for all threads.</summary>
internal interface IStranded
{
    /// <summary>Those of them that ask to be started anew.</summary>
    /// <param name="except">Of which it is known already.</param>
    /// <param name="max">The most at once.</param>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<IReadOnlyList<StrandedVm>> ListAsync(IReadOnlyCollection<InstanceId> except, int max);
}
