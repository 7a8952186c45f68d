using System.Collections.Concurrent;

namespace Hydravisor.Actors.Access;

/// <summary>How many logs each agent follows on a node, over all its connections. Safe for all threads.</summary>
internal sealed class LogSubscriptions
{
    private readonly ConcurrentDictionary<string, int> _ofAgents = new(StringComparer.Ordinal);

    /// <summary>One more, unless that is more than the agent may have.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="max">The most; null: no limit.</param>
    public bool TryAdd(string agent, int? max)
    {
        var now = _ofAgents.AddOrUpdate(agent, 1, (_, before) => before + 1);
        if (now <= max || max is null)
        {
            return true;
        }

        Remove(agent);
        return false;
    }

    /// <summary>One less.</summary>
    public void Remove(string agent)
    {
        while (_ofAgents.TryGetValue(agent, out var now))
        {
            if (now <= 1 ? _ofAgents.TryRemove(KeyValuePair.Create(agent, now)) : _ofAgents.TryUpdate(agent, now - 1, now))
            {
                return;
            }
        }
    }
}
