using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>Which VMs the node has, as their own actors last told, and where each actor is.</summary>
/// <remarks>The host actor alone writes; any thread may ask where a VM is, which is what makes a state query one hop.</remarks>
internal sealed class Roster
{
    private readonly ConcurrentDictionary<InstanceId, IActorRef> _live = new();
    private readonly ConcurrentDictionary<InstanceId, IActorRef> _released = new();
    private readonly Dictionary<InstanceId, VmView> _views = [];
    private ImmutableHashSet<InstanceId>? _registered;

    /// <summary>Where the VM's actor is, when it has recovered and runs, and the VM is this node's for certain.</summary>
    public bool TryFind(InstanceId id, [NotNullWhen(true)] out IActorRef? vm) => _live.TryGetValue(id, out vm);

    /// <summary>Where the actor is of a VM that was released to another node: that one may have it by now.</summary>
    public bool TryFindReleased(InstanceId id, [NotNullWhen(true)] out IActorRef? vm) => _released.TryGetValue(id, out vm);

    /// <summary>Tells a VM, when its actor runs. For all threads.</summary>
    public void Tell(InstanceId id, object message)
    {
        if (TryFind(id, out var vm) || TryFindReleased(id, out vm))
        {
            vm.Tell(message);
        }
    }

    /// <summary>Tells all VMs whose actors run. For all threads.</summary>
    public void TellAll(object message)
    {
        foreach (var (_, vm) in _live.Concat(_released))
        {
            vm.Tell(message);
        }
    }

    /// <summary>Whether the node has the VM, as far as it is known: before the registry is read back it may have any. For all threads.</summary>
    public bool MayHave(InstanceId id) => Volatile.Read(ref _registered) is not { } registered || registered.Contains(id) || _live.ContainsKey(id) || _released.ContainsKey(id);

    /// <summary>The VMs that the registry has at the start.</summary>
    internal void Know(IEnumerable<InstanceId> registered) => Volatile.Write(ref _registered, [.. registered]);

    /// <summary>The views, for the host actor.</summary>
    internal IReadOnlyDictionary<InstanceId, VmView> Views => _views;

    /// <summary>The actor of a VM recovered.</summary>
    internal void Joined(InstanceId id, IActorRef vm) => _live[id] = vm;

    /// <summary>The VM is now so.</summary>
    internal void Saw(VmView view)
    {
        _views[view.Id] = view;
        var (from, to) = view.IsReleased ? (_live, _released) : (_released, _live);
        if (from.TryRemove(view.Id, out var vm))
        {
            to[view.Id] = vm;
        }
    }

    /// <summary>An actor ended; the view stays, for who asks meanwhile.</summary>
    /// <returns>The VM, or null when it is not the actor of one.</returns>
    internal InstanceId? Left(IActorRef vm)
    {
        foreach (var actors in (ConcurrentDictionary<InstanceId, IActorRef>[])[_live, _released])
        {
            foreach (var (id, live) in actors)
            {
                if (live.Equals(vm))
                {
                    actors.TryRemove(id, out _);
                    return id;
                }
            }
        }

        return null;
    }

    /// <summary>A VM is gone for good.</summary>
    internal void Forget(InstanceId id)
    {
        _live.TryRemove(id, out _);
        _released.TryRemove(id, out _);
        _views.Remove(id);
        Volatile.Write(ref _registered, _registered?.Remove(id));
    }
}
