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
    /// <summary>Has a session for the VM whose console runs the command; a console that ended is run again.</summary>
    Task<Outcome<TerminalSession>> EnsureAsync(InstanceId id, IReadOnlyList<string> console);

    /// <summary>Ends the VM's session and all that is attached to it; done when there is none.</summary>
    Task<Outcome> CloseAsync(InstanceId id);

    /// <summary>The VMs that have a session.</summary>
    Task<Outcome<IReadOnlyList<InstanceId>>> ListAsync();
}
