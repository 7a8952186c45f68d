using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Terminals;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>Which VMs may have a terminal session now, and how each has it. Safe for all threads.</summary>
/// <remarks>A session that is ensured behind a deletion would outlive its VM; one whose domain is off would only end again and again.</remarks>
internal sealed class Consoles(IHypervisor hypervisor, ITerminals terminals)
{
    private const string TypedLog = "typed.log";
    private readonly ConcurrentDictionary<InstanceId, Console> _consoles = new();

    private enum Console
    {
        Off,
        On,
        Recorded,
    }

    /// <summary>The file into which it is written what people type who are attached to a recorded VM on the node itself.</summary>
    public static string TypedLogOf(GuestLogs logs) => Path.Combine(Path.GetDirectoryName(logs.Console)!, TypedLog);

    /// <summary>Has a session, since the domain runs.</summary>
    public Task<Outcome<TerminalSession>> OpenAsync(InstanceId id, bool recorded)
    {
        _consoles[id] = recorded ? Console.Recorded : Console.On;
        return SessionAsync(id, recorded);
    }

    /// <summary>The domain is off: what has ended is not run again.</summary>
    public void TurnOff(InstanceId id)
    {
        if (_consoles.ContainsKey(id))
        {
            _consoles[id] = Console.Off;
        }
    }

    /// <summary>The VM is deleted: no session comes up again.</summary>
    public void Remove(InstanceId id) => _consoles.TryRemove(id, out _);

    /// <summary>Has a session where there may be one.</summary>
    /// <returns>Unavailable while the domain is off; failed where the VM is deleted.</returns>
    public async Task<Outcome> EnsureAsync(InstanceId id) => !_consoles.TryGetValue(id, out var console) ? Outcome.Failed($"{id} was deleted")
        : console == Console.Off ? Outcome.Unavailable("the domain does not run")
        : (await SessionAsync(id, console == Console.Recorded).ConfigureAwait(false)).Result;

    private Task<Outcome<TerminalSession>> SessionAsync(InstanceId id, bool recorded) =>
        terminals.EnsureAsync(id, hypervisor.ConsoleCommand(id), recorded ? TypedLogOf(hypervisor.LogsOf(id)) : null);
}
