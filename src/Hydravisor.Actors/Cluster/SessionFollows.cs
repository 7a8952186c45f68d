using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Which sessions of this node follow which VMs, on whatever node. Not thread-safe: the directory's own.</summary>
internal sealed class SessionFollows
{
    private readonly Dictionary<IActorRef, HashSet<InstanceId>> _named = [];
    private readonly HashSet<IActorRef> _all = [];

    /// <summary>The sessions that follow all VMs.</summary>
    public IReadOnlyCollection<IActorRef> OfAll => _all;

    /// <summary>The others, each with one VM that it follows.</summary>
    public IEnumerable<(IActorRef Session, InstanceId Id)> Named => _named.SelectMany(named => named.Value, (named, id) => (named.Key, id));

    /// <summary>Whether there is any.</summary>
    public bool Any => _all.Count + _named.Count > 0;

    /// <summary>A session follows a VM, or all (null).</summary>
    public void Add(IActorRef session, InstanceId? id)
    {
        if (id is null)
        {
            _all.Add(session);
        }
        else if (_named.TryGetValue(session, out var ids))
        {
            ids.Add(id);
        }
        else
        {
            _named[session] = [id];
        }
    }

    /// <summary>A session is gone.</summary>
    public void Remove(IActorRef session)
    {
        _named.Remove(session);
        _all.Remove(session);
    }

    /// <summary>The sessions that follow a VM by its id.</summary>
    public List<IActorRef> Of(InstanceId id) => [.. _named.Where(named => named.Value.Contains(id)).Select(named => named.Key)];

    /// <summary>Tells all that follow it of a change.</summary>
    public void Tell(HostMessages.VmChanged change)
    {
        foreach (var session in _all)
        {
            session.Tell(change);
        }

        foreach (var (session, ids) in _named)
        {
            if (!_all.Contains(session) && ids.Contains(change.View.Id))
            {
                session.Tell(change);
            }
        }
    }
}
