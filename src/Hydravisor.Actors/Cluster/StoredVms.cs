using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>The VMs of a node as the store had them at one time. Immutable.</summary>
/// <param name="Place">Up to where the store was read: what came later is read when it is asked again.</param>
/// <param name="Views">Each VM as its events tell; also those that are another node's by now.</param>
/// <param name="Own">Those that are the node's.</param>
internal sealed record StoredVms(long Place, IReadOnlyDictionary<InstanceId, VmView> Views, IReadOnlyList<VmView> Own)
{
    /// <summary>Those that the node deleted since the time that was asked for, as it left them.</summary>
    public IReadOnlyDictionary<InstanceId, VmView> Gone { get; init; } = new Dictionary<InstanceId, VmView>();
}
