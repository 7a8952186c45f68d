using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Terminals;
using Hydravisor.Actors.Terminals.Sharing;

namespace Hydravisor.Actors.Vms;

/// <summary>What the VMs of a node work with.</summary>
/// <param name="Hypervisor">Their domains.</param>
/// <param name="Terminals">Their terminal sessions.</param>
/// <param name="Consoles">Which of them may have a session.</param>
/// <param name="Shared">Those who stream their terminals.</param>
/// <param name="Logs">Their logs.</param>
/// <param name="Recordings">The recordings of those that are recorded.</param>
internal sealed record VmPorts(
    IHypervisor Hypervisor, ITerminals Terminals, Consoles Consoles, NodeTerminals Shared, NodeLogs Logs, NodeRecordings Recordings) : IAsyncDisposable
{
    /// <summary>Ends all but the hypervisor.</summary>
    public async ValueTask DisposeAsync()
    {
        await Shared.DisposeAsync().ConfigureAwait(false);
        await Recordings.DisposeAsync().ConfigureAwait(false);
        await Logs.DisposeAsync().ConfigureAwait(false);
    }
}
