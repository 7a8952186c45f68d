using System.Collections.Concurrent;
using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Clients;

/// <summary>The newest that any client was shown of each VM: what clients choose by. Safe for all threads.</summary>
internal sealed class Sightings
{
    private readonly ConcurrentDictionary<string, SeenState> _newest = new();

    /// <summary>The VMs that were seen and are not known to be gone.</summary>
    public IReadOnlyList<string> Vms => [.. _newest.Where(pair => pair.Value.State != "deleted").Select(pair => pair.Key).Order()];

    /// <summary>The newest state of a VM; null: nobody has seen it.</summary>
    public SeenState? Of(string vm) => _newest.GetValueOrDefault(vm);

    /// <summary>A VM was shown.</summary>
    public void See(SeenState state) =>
        _newest.AddOrUpdate(state.Vm, state, (_, known) => state.Revision >= known.Revision && state.State != "unreachable" ? state : known);
}
