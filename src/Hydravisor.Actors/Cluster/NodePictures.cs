using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Cluster;

/// <summary>The nodes as they were last heard of, less what was placed on them since. Not thread-safe: its actor's own.</summary>
internal sealed class NodePictures
{
    private readonly SortedDictionary<string, NodeView> _views = new(StringComparer.Ordinal);
    private readonly HashSet<string> _awaited = new(StringComparer.Ordinal);

    /// <summary>The nodes.</summary>
    public IReadOnlyCollection<NodeView> Views => _views.Values;

    /// <summary>The number of the question that is open, or was last.</summary>
    public long Question { get; private set; }

    /// <summary>Whether answers are awaited.</summary>
    public bool IsAsking => _awaited.Count > 0;

    /// <summary>When the last question was put, as a timestamp of the clock; null: none was.</summary>
    public long? AskedAt { get; private set; }

    /// <summary>A question goes to these nodes. Those that are not among them are forgotten.</summary>
    /// <returns>Its number.</returns>
    public long Ask(IReadOnlyCollection<string> nodes, long now)
    {
        _awaited.Clear();
        _awaited.UnionWith(nodes);
        foreach (var gone in _views.Keys.Where(name => !_awaited.Contains(name)).ToList())
        {
            _views.Remove(gone);
        }

        AskedAt = now;
        return ++Question;
    }

    /// <summary>An answer came.</summary>
    /// <returns>Whether it was the last.</returns>
    public bool Hear(NodeView view)
    {
        if (view.Correlation != Question)
        {
            return false;
        }

        _views[view.Node] = view;
        return _awaited.Remove(view.Node) && _awaited.Count == 0;
    }

    /// <summary>Those that have not answered are not waited for; what was known of them counts no more.</summary>
    public void GiveUp()
    {
        foreach (var late in _awaited)
        {
            _views.Remove(late);
        }

        _awaited.Clear();
    }

    /// <summary>A node cannot be spoken with.</summary>
    /// <returns>Whether its answer was the last that was awaited.</returns>
    public bool Lose(string node)
    {
        _views.Remove(node);
        return _awaited.Remove(node) && _awaited.Count == 0;
    }

    /// <summary>A VM was sent to a node, whose next answer has it in it.</summary>
    public void Place(string node, VmRequest sized)
    {
        if (_views.GetValueOrDefault(node) is { Room: { } room } view)
        {
            _views[node] = view with { Room = room.With(sized.Vcpus, sized.RamBytes, Placement.DiskOf(sized, view)) };
        }
    }
}
