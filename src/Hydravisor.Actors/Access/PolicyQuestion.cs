using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>What somebody wants to do.</summary>
/// <param name="Type">The wire type of the message.</param>
/// <param name="Terminal">The terminal role that it asks for, if it does.</param>
/// <param name="Vm">The VM that it is about; null where that is not known yet, or none is concerned: then only the message is decided on.</param>
internal sealed record PolicyQuestion(string Type, TerminalRole? Terminal = null, VmFacts? Vm = null)
{
    /// <summary>The question that a message puts.</summary>
    public static PolicyQuestion Of(ClientMessage message, VmFacts? vm = null) => new(
        message.Type,
        message is VmAttachTerminal attach && TerminalRoleNames.TryParse(attach.Role, out var role) ? role : null,
        vm);
}
