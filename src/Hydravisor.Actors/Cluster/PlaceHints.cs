using System.Diagnostics.CodeAnalysis;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Where VMs were when that was last heard. Not thread-safe: the directory's own.</summary>
internal sealed class PlaceHints
{
    private const int Max = 100_000;

    private readonly Dictionary<InstanceId, string> _nodes = [];

    /// <summary>Where a VM was; false: nobody remembers.</summary>
    public bool TryFind(InstanceId id, [NotNullWhen(true)] out string? node) => _nodes.TryGetValue(id, out node);

    /// <summary>A VM is there. Of too many all are forgotten: the store knows.</summary>
    public void Remember(InstanceId id, string node)
    {
        if (_nodes.Count >= Max)
        {
            _nodes.Clear();
        }

        _nodes[id] = node;
    }

    /// <summary>What was on a node may be elsewhere by now.</summary>
    public void Forget(string node)
    {
        foreach (var id in _nodes.Where(hint => hint.Value == node).Select(hint => hint.Key).ToList())
        {
            _nodes.Remove(id);
        }
    }
}
