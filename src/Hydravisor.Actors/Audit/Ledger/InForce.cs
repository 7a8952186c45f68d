using System.Globalization;
using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;

namespace Hydravisor.Actors.Audit.Ledger;

/// <summary>Whom a node lets in to what: the policy and the agents, as the ledger tells of them. Immutable.</summary>
/// <param name="Policy">The policy's digest.</param>
/// <param name="PolicyText">All that it says.</param>
/// <param name="Agents">The facts and the name of each agent, by fingerprint. No key is among them.</param>
internal sealed record InForce(string Policy, string PolicyText, IReadOnlyDictionary<string, (string Facts, string? Name, bool Revoked)> Agents)
    : INoSerializationVerificationNeeded
{
    /// <summary>That of a policy and agents.</summary>
    public static InForce Of(Policy policy, AgentBook agents) => new(
        policy.Digest,
        Access.PolicyText.Of(policy.Data),
        agents.Agents.ToDictionary(agent => agent.Fingerprint, agent => (Facts(agent), agent.Name, agent.RevokedAt is not null), StringComparer.Ordinal));

    private static string Facts(Agent agent) => string.Join(
        "; ",
        [
            $"roles {string.Join(' ', agent.Roles)}",
            .. agent.Name is { } name ? [$"name {name}"] : Array.Empty<string>(),
            .. agent.Keys.Select(key => key.ExpiresAt is { } end ? $"key {key.Fingerprint} until {Time(end)}" : $"key {key.Fingerprint}"),
            .. agent.RevokedAt is { } revoked ? [$"revoked {Time(revoked)}"] : Array.Empty<string>(),
            .. agent.FrozenAt is { } frozen ? [$"frozen {Time(frozen)}"] : Array.Empty<string>(),
        ]);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
