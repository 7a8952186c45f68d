namespace Hydravisor.Actors.Access;

/// <summary>The rules of one agent made ready to decide. Immutable.</summary>
/// <param name="agent">The rules.</param>
/// <param name="roles">The only roles it may take; null: those that it was given elsewhere.</param>
internal sealed class AgentRules(PolicyAgent agent, IReadOnlySet<string>? roles)
{
    private readonly string _rolesId = $"agents.{agent.Key}.roles";

    /// <summary>Messages it may send in any role.</summary>
    public MessageRules Allow { get; } = new($"agents.{agent.Key}.allow", agent.Allow);

    /// <summary>Messages it may send in none.</summary>
    public MessageRules Deny { get; } = new($"agents.{agent.Key}.deny", agent.Deny);

    /// <summary>The VMs it may touch; null: its role's.</summary>
    public VmScope? Scope { get; } = agent.Vms is { } vms ? new VmScope($"agents.{agent.Key}.vms", vms) : null;

    /// <summary>The rule by which it may not take the role; null where it may.</summary>
    public string? NotTaken(string role) => roles is null || roles.Contains(role) ? null : _rolesId;
}
