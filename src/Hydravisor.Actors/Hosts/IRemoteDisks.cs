using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>The disks of VMs on other nodes. Safe for all threads.</summary>
internal interface IRemoteDisks
{
    /// <summary>Brings a VM's disk here, at the pace at which it can be written.</summary>
    /// <param name="node">The node that has it.</param>
    /// <param name="id">The VM, whose domain is off.</param>
    /// <param name="into">Takes it; not disposed of.</param>
    /// <param name="stop">Gives it up.</param>
    /// <returns>Done: it is here, whole and written through.</returns>
    Task<Outcome> BringAsync(string node, InstanceId id, DiskWriting into, CancellationToken stop);
}
