namespace Hydravisor.Actors.Access;

/// <summary>Rules for one agent, besides those of the role that it acts in. Immutable.</summary>
internal sealed record PolicyAgent
{
    /// <summary>Its fingerprint, its name, or <see cref="Principal.Anonymous"/>.</summary>
    public required string Key { get; init; }

    /// <summary>The only roles it may take; null: those that it was given elsewhere.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>Messages it may send in any role.</summary>
    public IReadOnlyList<MessagePattern> Allow { get; init; } = [];

    /// <summary>Messages it may send in none.</summary>
    public IReadOnlyList<MessagePattern> Deny { get; init; } = [];

    /// <summary>The VMs it may touch, in place of its role's; null: its role's.</summary>
    public IReadOnlyList<VmSelector>? Vms { get; init; }
}
