using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Terminals;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>What the VMs of a node work with.</summary>
/// <param name="Hypervisor">Their domains.</param>
/// <param name="Terminals">Their terminal sessions.</param>
/// <param name="Consoles">Which of them may have a session.</param>
/// <param name="Shared">Those who stream their terminals.</param>
/// <param name="Sizes">Looks at the sizes of terminals that are recorded.</param>
/// <param name="Logs">Their logs.</param>
/// <param name="Recordings">The recordings of those that are recorded.</param>
/// <param name="Ledger">Where that is written down which is no event of a VM.</param>
internal sealed record VmPorts(
    IHypervisor Hypervisor,
    ITerminals Terminals,
    Consoles Consoles,
    NodeTerminals Shared,
    SizeWatch Sizes,
    NodeLogs Logs,
    NodeRecordings Recordings,
    ILedger Ledger) : IAsyncDisposable
{
    /// <summary>The way to the hypervisors of other nodes; null: there are none.</summary>
    public IRemoteLinks? Links { get; init; }

    /// <summary>Where the logs of VMs are, in the data directory.</summary>
    public const string LogsFolder = "vm-logs";

    /// <summary>Starts what keeps and shares what VMs write.</summary>
    /// <param name="directory">The node's data directory.</param>
    /// <param name="logs">The limits of the logs.</param>
    /// <param name="recordings">The limits of the recordings.</param>
    /// <param name="hypervisor">Not disposed with the ports.</param>
    /// <param name="terminals">Their terminal sessions.</param>
    /// <param name="ledger">Where that is written down which is no event of a VM.</param>
    /// <param name="mayHave">Whether a VM is there, or may be. Called on any thread.</param>
    /// <param name="time">The clock.</param>
    /// <param name="report">Told in a sentence what an operator should know. Called on any thread.</param>
    public static VmPorts Open(
        string directory,
        LogsSettings logs,
        RecordingSettings recordings,
        IHypervisor hypervisor,
        ITerminals terminals,
        ILedger ledger,
        Func<InstanceId, bool> mayHave,
        TimeProvider time,
        Action<string> report)
    {
        var consoles = new Consoles(hypervisor, terminals);
        var recorder = new NodeRecordings(Path.Combine(directory, RecordingFolder.Name), recordings, time, report: report);
        var shared = new NodeTerminals(
            terminals, hypervisor, consoles.EnsureAsync, time, resized: (id, cols, rows) => _ = recorder.ResizedAsync(id, cols, rows));
        var keeper = new NodeLogs(
            logs, Path.Combine(directory, LogsFolder), hypervisor.LogsOf, mayHave, time,
            (id, trouble) => report(trouble is null ? $"the log of {id} is written again" : $"the log of {id} cannot be written: {trouble}"));
        return new VmPorts(hypervisor, terminals, consoles, shared, new SizeWatch(shared), keeper, recorder, ledger);
    }

    /// <summary>Ends all but the hypervisor.</summary>
    public async ValueTask DisposeAsync()
    {
        await Shared.DisposeAsync().ConfigureAwait(false);
        await Recordings.DisposeAsync().ConfigureAwait(false);
        await Logs.DisposeAsync().ConfigureAwait(false);
    }
}
