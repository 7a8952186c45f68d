namespace Hydravisor.Actors.Access;

/// <summary>All that <c>hydravisor.policy</c> says. Immutable.</summary>
internal sealed record PolicyData
{
    /// <summary>What a role is called that is none.</summary>
    public const string NoRole = "none";

    /// <summary>The roles.</summary>
    public IReadOnlyList<PolicyRole> Roles { get; init; } = [];

    /// <summary>The agents that have rules of their own.</summary>
    public IReadOnlyList<PolicyAgent> Agents { get; init; } = [];

    /// <summary>The role of bare connections from the node itself, or <c>none</c>.</summary>
    public string Loopback { get; init; } = NoRole;

    /// <summary>The role of bare connections from elsewhere, or <c>none</c>.</summary>
    public string Remote { get; init; } = NoRole;

    /// <summary>Roles whose VMs are recorded, besides those that say so themselves.</summary>
    public IReadOnlyList<string> Recorded { get; init; } = [];

    /// <summary>Whether messages without a credential act with their connection's grant.</summary>
    public BareAfterAuthorize Bare { get; init; } = BareAfterAuthorize.Auto;

    /// <summary>How far a credential's time may be off.</summary>
    public TimeSpan Skew { get; init; } = TimeSpan.FromSeconds(60);
}
