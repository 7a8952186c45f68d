using Akka.Actor;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>Who wants to hear of which VMs. Not thread-safe: the host actor's own.</summary>
internal sealed class Followers
{
    private readonly HashSet<IActorRef> _ofAll = [];
    private readonly Dictionary<InstanceId, HashSet<IActorRef>> _ofOne = [];

    /// <summary>Adds a follower of one VM, or of all (null).</summary>
    public void Add(InstanceId? id, IActorRef follower)
    {
        if (id is null)
        {
            _ofAll.Add(follower);
            return;
        }

        if (!_ofOne.TryGetValue(id, out var followers))
        {
            _ofOne[id] = followers = [];
        }

        followers.Add(follower);
    }

    /// <summary>Removes a follower wherever it follows.</summary>
    public void Remove(IActorRef follower)
    {
        _ofAll.Remove(follower);
        foreach (var (id, followers) in _ofOne.ToList())
        {
            if (followers.Remove(follower) && followers.Count == 0)
            {
                _ofOne.Remove(id);
            }
        }
    }

    /// <summary>Forgets who followed a VM that is gone.</summary>
    public void Forget(InstanceId id) => _ofOne.Remove(id);

    /// <summary>Tells all who follow the VM, each once.</summary>
    public void Tell(InstanceId id, object message, IActorRef from)
    {
        foreach (var follower in _ofAll)
        {
            follower.Tell(message, from);
        }

        if (_ofOne.TryGetValue(id, out var followers))
        {
            foreach (var follower in followers)
            {
                if (!_ofAll.Contains(follower))
                {
                    follower.Tell(message, from);
                }
            }
        }
    }
}
