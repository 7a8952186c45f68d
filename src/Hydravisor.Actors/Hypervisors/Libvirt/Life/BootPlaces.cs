using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Life;

/// <summary>Where the logs of guests stood when a boot was seen to begin that nobody here began. Safe for all threads.</summary>
/// <param name="vmsDirectory">Where the VMs' directories are.</param>
internal sealed class BootPlaces(string vmsDirectory)
{
    private readonly ConcurrentDictionary<InstanceId, BootMarker> _seen = new();

    /// <summary>A boot of that guest begins at this moment.</summary>
    public void Note(InstanceId id) => _seen[id] = BootMarker.Now(VmPaths.Of(vmsDirectory, id), incarnation: 0);

    /// <summary>Forgets the guest.</summary>
    public void Forget(InstanceId id) => _seen.TryRemove(id, out _);

    /// <summary>The marker of a boot that was noted. Of one that nobody saw begin (the node was down), it may be long over: then what was
    /// written since the boot before counts, lest a guest that runs is waited for in vain.</summary>
    public BootMarker Take(InstanceId id, long incarnation, BootMarker? before) =>
        (_seen.TryRemove(id, out var seen) ? seen : before ?? new BootMarker(incarnation, 0, 0)) with { Incarnation = incarnation };
}
