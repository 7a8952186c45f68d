using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs.Sources;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Logs;

/// <summary>What the logs of all VMs of a node share.</summary>
/// <param name="Settings">The limits.</param>
/// <param name="Directory">Where the logs are: a directory for each VM.</param>
/// <param name="Sources">Where a VM's guest writes.</param>
/// <param name="Time">The clock.</param>
/// <param name="Trouble">Told when a VM's log cannot be written or read (why), and when it can again (null).</param>
/// <param name="Threads">Who does the work.</param>
/// <param name="Events">Who tells of changed files.</param>
/// <param name="Timers">Who calls later.</param>
internal sealed record LogServices(
    LogsSettings Settings,
    string Directory,
    Func<InstanceId, GuestLogs> Sources,
    TimeProvider Time,
    Action<InstanceId, string?> Trouble,
    LogThreads Threads,
    FileEvents Events,
    LogTimers Timers);
