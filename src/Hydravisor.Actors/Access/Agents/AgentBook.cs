namespace Hydravisor.Actors.Access.Agents;

/// <summary>All agents, and the place where a key is looked up. Immutable; safe for all threads.</summary>
internal sealed class AgentBook
{
    /// <summary>Most agents that are named where a person asked for one that is not there.</summary>
    private const int NamedMax = 8;

    private readonly Dictionary<string, AgentKeyMatch> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Agent> _byFingerprint = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Agent> _byName = new(StringComparer.Ordinal);

    private AgentBook(IReadOnlyList<Agent> agents)
    {
        Agents = agents;
        foreach (var agent in agents)
        {
            Index(agent);
        }
    }

    /// <summary>A book without agents.</summary>
    public static AgentBook Empty { get; } = new([]);

    /// <summary>All of them, also the revoked ones, in the order in which they were added.</summary>
    public IReadOnlyList<Agent> Agents { get; }

    /// <summary>A book of these agents.</summary>
    /// <exception cref="AgentException">One of them cannot be, or two of them cannot be at once.</exception>
    public static AgentBook Of(IEnumerable<Agent> agents) => new([.. agents]);

    /// <summary>Whose key that is; also of an agent that is frozen.</summary>
    /// <param name="keyFingerprint">The key's fingerprint, in lower case.</param>
    /// <param name="now">The time, for keys that expire.</param>
    /// <returns>Null: nobody's, or the key has expired, or the agent is revoked.</returns>
    public AgentKeyMatch? Find(string keyFingerprint, DateTimeOffset now) =>
        _byKey.TryGetValue(keyFingerprint, out var match) && match.Key.IsValid(now) ? match : null;

    /// <summary>The agent of that identity, be it revoked or not; null: there is none.</summary>
    public Agent? Get(string fingerprint) => _byFingerprint.GetValueOrDefault(fingerprint);

    /// <summary>Whom a person means: a name, or the beginning of the fingerprint of one agent, or of one of its keys.</summary>
    /// <exception cref="AgentException">None, or more than one.</exception>
    public Agent Resolve(string text)
    {
        if (_byName.TryGetValue(text, out var named))
        {
            return named;
        }

        var matches = Agents.Where(agent => agent.Name == text).ToList();
        var prefix = text.ToLowerInvariant();
        if (matches.Count == 0 && AgentRules.IsPrefix(prefix))
        {
            matches = [.. Agents.Where(agent => Begins(agent.Fingerprint, prefix) || agent.Keys.Any(key => Begins(key.Fingerprint, prefix)))];
        }

        return matches.Count switch
        {
            1 => matches[0],
            0 => throw new AgentException(
                $"no agent has the name \"{text}\" or a fingerprint that begins so (at least {AgentRules.PrefixHexDigitsMin} hexadecimal digits); "
                + (Agents.Count == 0 ? "there are no agents" : $"there are: {Named(Agents)}")),
            _ => throw new AgentException($"\"{text}\" may be {matches.Count} agents: {Named(matches)}. Give more of the fingerprint"),
        };
    }

    /// <summary>The book with one more agent.</summary>
    /// <exception cref="AgentException">It cannot be: its name or its key is another's, or something of it is wrong.</exception>
    public AgentBook Add(Agent agent) => new([.. Agents, agent]);

    /// <summary>The book in which an agent is revoked: its keys are gone, for good. This one where it is so already.</summary>
    /// <exception cref="AgentException">There is no such agent.</exception>
    public AgentBook Revoke(string fingerprint, DateTimeOffset now)
    {
        var agent = Known(fingerprint);
        return agent.RevokedAt is null ? With(agent with { Keys = [], RevokedAt = now }) : this;
    }

    /// <summary>The book in which an agent is frozen, be it revoked or not. This one where it is so already.</summary>
    /// <exception cref="AgentException">There is no such agent.</exception>
    public AgentBook Freeze(string fingerprint, DateTimeOffset now)
    {
        var agent = Known(fingerprint);
        return agent.FrozenAt is null ? With(agent with { FrozenAt = now }) : this;
    }

    /// <summary>The book in which an agent is frozen no more. This one where it is so already.</summary>
    /// <exception cref="AgentException">There is no such agent.</exception>
    public AgentBook Thaw(string fingerprint)
    {
        var agent = Known(fingerprint);
        return agent.FrozenAt is null ? this : With(agent with { FrozenAt = null });
    }

    /// <summary>The book in which an agent has a new key. Those that it had end with the overlap; those that have ended are gone.</summary>
    /// <param name="fingerprint">The agent's identity, which stays.</param>
    /// <param name="key">The new key; it was made now.</param>
    /// <param name="overlap">How long the former keys are valid yet; 0: no more.</param>
    /// <exception cref="AgentException">There is no such agent, it is revoked, or it would have too many keys.</exception>
    public AgentBook Rotate(string fingerprint, AgentKey key, TimeSpan overlap)
    {
        var agent = Known(fingerprint);
        var now = key.CreatedAt;
        if (agent.RevokedAt is not null)
        {
            throw new AgentException($"the agent {agent} is revoked, and that is for good; add a new one");
        }

        if (overlap < TimeSpan.Zero || overlap > AgentRules.OverlapMax)
        {
            throw new AgentException($"the overlap must be from 0 to {AgentRules.OverlapMax.Days} days");
        }

        var kept = agent.Keys.Select(each => each.EndingBy(now + overlap)).Where(each => each.IsValid(now)).ToList();
        if (kept.Any(each => each.Fingerprint == key.Fingerprint))
        {
            throw new AgentException($"the agent {agent} has the {key} already; with an overlap of 0 its other ones end");
        }

        return kept.Count < AgentRules.KeysMax
            ? With(agent with { Keys = [.. kept, key] })
            : throw new AgentException(
                $"the agent {agent} has {kept.Count} valid keys, and may have {AgentRules.KeysMax}. Rotate it with an overlap of 0, which ends the former ones at once, or when one of them has expired");
    }

    /// <summary>The book in which the agents of another one are, too: what was kept apart belongs together from now on. This one where they are all in it already.</summary>
    /// <remarks>Of an agent that is in both the stricter holds: revoked or frozen in one it is so in both, since the earlier time. Else both must say the same.</remarks>
    /// <exception cref="AgentException">Two of them cannot be at once.</exception>
    public AgentBook Merge(AgentBook other)
    {
        var merged = Agents.Select(agent => other.Get(agent.Fingerprint) is { } same ? Merge(agent, same) : agent).ToList();
        var more = other.Agents.Where(agent => Get(agent.Fingerprint) is null).ToList();
        return more.Count == 0 && merged.SequenceEqual(Agents) ? this : Of([.. merged, .. more]);
    }

    private static Agent Merge(Agent here, Agent there)
    {
        var frozen = Earlier(here.FrozenAt, there.FrozenAt);
        if (Earlier(here.RevokedAt, there.RevokedAt) is { } revoked)
        {
            return frozen == here.FrozenAt && here.RevokedAt == revoked ? here : here with { Keys = [], RevokedAt = revoked, FrozenAt = frozen };
        }

        var differs = here.Name != there.Name ? "another name"
            : !here.Roles.Order(StringComparer.Ordinal).SequenceEqual(there.Roles.Order(StringComparer.Ordinal)) ? "other roles"
            : !here.Keys.Select(Worth).Order().SequenceEqual(there.Keys.Select(Worth).Order()) ? "other keys"
            : null;
        return differs is not null ? throw new AgentException($"the agent {here} is there already, and has {differs}")
            : frozen == here.FrozenAt ? here
            : here with { FrozenAt = frozen };
    }

    private static (string Fingerprint, DateTimeOffset End) Worth(AgentKey key) => (key.Fingerprint, key.ExpiresAt ?? DateTimeOffset.MaxValue);

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;

    private static bool Begins(string fingerprint, string prefix) => fingerprint.StartsWith(prefix, StringComparison.Ordinal);

    private static string Named(IReadOnlyList<Agent> agents) =>
        string.Join(", ", agents.Take(NamedMax).Select(agent => agent.RevokedAt is null ? $"{agent}" : $"{agent} revoked"))
        + (agents.Count > NamedMax ? ", …" : "");

    private Agent Known(string fingerprint) =>
        Get(fingerprint) ?? throw new AgentException($"no agent has the fingerprint {fingerprint}");

    private AgentBook With(Agent changed) => new([.. Agents.Select(agent => agent.Fingerprint == changed.Fingerprint ? changed : agent)]);

    private void Index(Agent agent)
    {
        AgentRules.Check(agent);
        if (!_byFingerprint.TryAdd(agent.Fingerprint, agent))
        {
            throw new AgentException($"two agents have the fingerprint {agent.Fingerprint}");
        }

        if (agent.RevokedAt is not null)
        {
            return;
        }

        if (agent.Name is { } name && !_byName.TryAdd(name, agent))
        {
            throw new AgentException($"the name \"{name}\" is taken, by {_byName[name]}; revoke that agent, or choose another name");
        }

        foreach (var key in agent.Keys)
        {
            if (!_byKey.TryAdd(key.Fingerprint, new AgentKeyMatch(agent, key)))
            {
                throw new AgentException($"two agents have the key {key.Fingerprint}");
            }
        }
    }
}
