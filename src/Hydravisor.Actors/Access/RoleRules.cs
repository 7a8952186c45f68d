using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>A role made ready to decide. Immutable.</summary>
/// <param name="role">The role.</param>
/// <param name="recorded">Whether the VMs made in it are recorded.</param>
internal sealed class RoleRules(PolicyRole role, bool recorded)
{
    private readonly HashSet<TerminalRole> _terminal = [.. role.Terminal];

    /// <summary>The messages it may send.</summary>
    public MessageRules Allow { get; } = new($"roles.{role.Name}.allow", role.Allow);

    /// <summary>The messages it may not send.</summary>
    public MessageRules Deny { get; } = new($"roles.{role.Name}.deny", role.Deny);

    /// <summary>The VMs it may touch.</summary>
    public VmScope Scope { get; } = new($"roles.{role.Name}.vms", role.Vms);

    /// <summary>The place of its terminal roles in the file.</summary>
    public string TerminalId { get; } = $"roles.{role.Name}.terminal";

    /// <summary>Whether every command in it is audited.</summary>
    public bool Audited => role.Audited;

    /// <summary>Whether the VMs made in it are recorded.</summary>
    public bool Recorded { get; } = recorded;

    /// <summary>The most that an agent may have in it.</summary>
    public RoleLimits Limits => role.Limits;

    /// <summary>What the role may not do at a terminal, of what is wanted; null where it may all of that.</summary>
    public string? WrongTerminal(PolicyQuestion question) => question switch
    {
        { Terminal: { } wanted } => _terminal.Contains(wanted) ? null : $"be {wanted.ToWireName()} at a terminal",
        { Type: MessageTypes.TerminalInput } => _terminal.Contains(TerminalRole.Operator) ? null : "type into a terminal",
        { Type: MessageTypes.VmAttachTerminal } => _terminal.Count > 0 ? null : "attach to a terminal",
        _ => null,
    };
}
