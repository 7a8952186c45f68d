using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors.Libvirt.Connection;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Life;

/// <summary>Which guests' agents came since they were waited for. Safe for all threads.</summary>
internal sealed class AgentPresence
{
    private readonly ConcurrentDictionary<InstanceId, int> _awaited = new();

    /// <summary>Begins to wait for the agent of that guest.</summary>
    public void Await(InstanceId id) => _awaited[id] = 0;

    /// <summary>Waits no more.</summary>
    public void Forget(InstanceId id) => _awaited.TryRemove(id, out _);

    /// <summary>As an event handler: an agent came or went.</summary>
    public void Note(AgentLifecycleEvent happened)
    {
        if (happened.State == AgentState.Connected && LibvirtNews.OursByName(happened.Name, happened.Uuid) is { } id)
        {
            _awaited.TryUpdate(id, 1, 0);
        }
    }

    /// <summary>Whether the agent came since the last time that this was asked.</summary>
    public bool Came(InstanceId id) => _awaited.TryUpdate(id, 0, 1);
}
