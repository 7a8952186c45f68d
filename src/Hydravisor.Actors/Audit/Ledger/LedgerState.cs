using System.Collections.Immutable;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Ledger;

/// <summary>What a ledger says is in force. Immutable; folded from its events.</summary>
/// <param name="Policy">The policy's digest; null: none was ever.</param>
/// <param name="Agents">The facts of each agent, by fingerprint.</param>
internal sealed record LedgerState(string? Policy, ImmutableDictionary<string, string> Agents)
{
    /// <summary>The ledger of a new node.</summary>
    public static LedgerState Empty { get; } = new(null, ImmutableDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>The events that make the ledger say what is in force now, also of what changed while no node ran. Pure.</summary>
    public IReadOnlyList<ILedgerEvent> Changes(InForce now)
    {
        var events = new List<ILedgerEvent>();
        if (now.Policy != Policy)
        {
            events.Add(new LedgerEvents.PolicyInForce(now.Policy, now.PolicyText));
        }

        foreach (var (agent, (facts, name, revoked)) in now.Agents.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (Agents.GetValueOrDefault(agent) is var known && known != facts)
            {
                var change = revoked ? AgentChange.Revoked : known is null ? AgentChange.Added : AgentChange.Changed;
                events.Add(new LedgerEvents.AgentChanged(agent, change, name, facts));
            }
        }

        events.AddRange(Agents.Keys.Where(agent => !now.Agents.ContainsKey(agent)).Order(StringComparer.Ordinal)
            .Select(agent => new LedgerEvents.AgentChanged(agent, AgentChange.Removed, null, "")));
        return events;
    }

    /// <summary>The ledger after an event.</summary>
    public LedgerState Apply(ILedgerEvent what) => what switch
    {
        LedgerEvents.PolicyInForce policy => this with { Policy = policy.Digest },
        LedgerEvents.AgentChanged { Change: AgentChange.Removed } removed => this with { Agents = Agents.Remove(removed.Agent) },
        LedgerEvents.AgentChanged changed => this with { Agents = Agents.SetItem(changed.Agent, changed.Facts) },
        _ => this,
    };
}
