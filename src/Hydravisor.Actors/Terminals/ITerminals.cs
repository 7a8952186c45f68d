using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals;

/// <summary>A VM's terminal session.</summary>
/// <param name="Session">The name of the session.</param>
/// <param name="Operator">The shell command that attaches to it reading and typing.</param>
/// <param name="Auditor">The shell command that attaches to it reading only.</param>
internal sealed record TerminalSession(string Session, string Operator, string Auditor);

/// <summary>The terminal sessions of a node's VMs. All forms pass one contract suite.</summary>
/// <remarks>Safe for all threads; never throws for what can happen outside.</remarks>
internal interface ITerminals
{
    /// <summary>Told, on any thread, that a session is gone that nobody closed here: ensure it again. May come twice.</summary>
    event Action<InstanceId>? Lost;

    /// <summary>Has a session for the VM whose console runs the command; a console that ended is run again.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="console">The command, as an argument array.</param>
    /// <param name="typedLog">The absolute path of a file to which all is appended that people type who are attached on the node itself, also while this process is
    /// down; null: nothing of it is kept. It counts where the console is run, not where it runs already.</param>
    Task<Outcome<TerminalSession>> EnsureAsync(InstanceId id, IReadOnlyList<string> console, string? typedLog = null);

    /// <summary>Ends the VM's session and all that is attached to it; done when there is none.</summary>
    Task<Outcome> CloseAsync(InstanceId id);

    /// <summary>The VMs that have a session.</summary>
    Task<Outcome<IReadOnlyList<InstanceId>>> ListAsync();

    /// <summary>Follows the VM's session. The sink may be called before this returns.</summary>
    /// <returns>The tap; unavailable where there is no session or it does not answer: ensure it first.</returns>
    Task<Outcome<ITerminalTap>> TapAsync(InstanceId id, ITerminalSink sink);
}
