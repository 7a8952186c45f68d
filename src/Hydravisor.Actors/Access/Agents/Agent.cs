namespace Hydravisor.Actors.Access.Agents;

/// <summary>Somebody with a key. Immutable.</summary>
/// <param name="Fingerprint">Its identity: the fingerprint of its first key. It stays over rotations, and so does what the agent owns.</param>
/// <param name="Name">What people call it (<see cref="AgentRules.IsName"/>); null: nothing. Of one agent only among those not revoked.</param>
/// <param name="Roles">The roles that it may take; at least one.</param>
/// <param name="Keys">Its keys, the newest last; none once it is revoked.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="RevokedAt">Since when nobody is let in as this agent; null: it is not revoked.</param>
/// <param name="FrozenAt">Since when nobody is let in as this agent and its VMs stand still, until it is thawed; null: it is not frozen.</param>
internal sealed record Agent(
    string Fingerprint,
    string? Name,
    IReadOnlyList<string> Roles,
    IReadOnlyList<AgentKey> Keys,
    DateTimeOffset CreatedAt,
    DateTimeOffset? RevokedAt = null,
    DateTimeOffset? FrozenAt = null)
{
    /// <summary>A new one, whose identity comes of its first key.</summary>
    public static Agent New(AgentKey first, IReadOnlyList<string> roles, string? name) =>
        new(first.Fingerprint, name, [.. roles.Distinct(StringComparer.Ordinal)], [first], first.CreatedAt);

    /// <summary>For messages: its fingerprint's beginning and its name.</summary>
    public override string ToString() => Name is null ? $"{Fingerprint[..16]}…" : $"{Fingerprint[..16]}… ({Name})";
}
