using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>The VMs of nodes that do not answer, as they were last: nobody knows how they are now. Not thread-safe: the directory's own.</summary>
internal sealed class LostVms
{
    private readonly Dictionary<string, DateTimeOffset> _since = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _unread = new(StringComparer.Ordinal);
    private readonly Dictionary<InstanceId, VmView> _views = [];

    /// <summary>The VMs, each <see cref="VmPhase.Unreachable"/>.</summary>
    public IReadOnlyCollection<VmView> Views => _views.Values;

    /// <summary>The nodes, and since when each does not answer.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Nodes => new Dictionary<string, DateTimeOffset>(_since, StringComparer.Ordinal);

    /// <summary>The nodes of these whose VMs were not read yet.</summary>
    public IReadOnlyCollection<string> Unread => _unread;

    /// <summary>A node does not answer.</summary>
    /// <returns>False: that is known.</returns>
    public bool Lose(string node, DateTimeOffset since) => _since.TryAdd(node, since) && _unread.Add(node);

    /// <summary>Its VMs were read.</summary>
    /// <returns>The changes that those are to be told who follow; none where the node is back already.</returns>
    public IReadOnlyList<HostMessages.VmChanged> Know(string node, IReadOnlyList<VmView> views)
    {
        if (!_since.TryGetValue(node, out var since))
        {
            return [];
        }

        _unread.Remove(node);
        var changes = new List<HostMessages.VmChanged>();
        foreach (var view in views)
        {
            var lost = view with { Phase = VmPhase.Unreachable, Since = since, Reason = Member.Lost(node) };
            _views[view.Id] = lost;
            changes.Add(new HostMessages.VmChanged(view.Phase, lost));
        }

        return changes;
    }

    /// <summary>A node answers again.</summary>
    /// <returns>Its VMs as they were told; none where it was not lost.</returns>
    public IReadOnlyList<VmView> Return(string node)
    {
        _since.Remove(node);
        _unread.Remove(node);
        var back = _views.Values.Where(view => view.Node == node).ToList();
        foreach (var view in back)
        {
            _views.Remove(view.Id);
        }

        return back;
    }

    /// <summary>A VM is another node's by now.</summary>
    public void Remove(InstanceId id) => _views.Remove(id);

    /// <summary>A lost VM; null: it is none, as far as is known.</summary>
    public VmView? Find(InstanceId id) => _views.GetValueOrDefault(id);
}
