using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>VMs that the node had, and that are another one's by now, which took them while this one was given up for lost, or to which they were released: what is left of them here is removed, domain, disk and terminal, and that is written down.</summary>
/// <remarks>Not thread-safe: the host actor's own; what it waits for comes to the host as a message.</remarks>
internal sealed class Departures(HostParts parts, VmEffectRunner runner, HostHypervisor hypervisor, IActorRef self, Func<ITimerScheduler> timers, ILoggingAdapter log)
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(2);

    // Longer than a list takes.
    private static readonly TimeSpan LingersFor = TimeSpan.FromSeconds(30);

    private readonly Dictionary<InstanceId, string> _gone = [];
    private readonly HashSet<InstanceId> _left = [];
    private readonly HashSet<InstanceId> _underWay = [];
    private readonly Queue<(VmView View, long Since)> _justGone = [];
    private bool _isKnown = parts.Adoptions is null;
    private bool _isFollowing;

    /// <summary>The registry; set before it speaks.</summary>
    public IActorRef Registry { get; set; } = ActorRefs.Nobody;

    /// <summary>Whether something of the VM is still to be removed.</summary>
    public bool Removes(InstanceId id) => _left.Contains(id);

    /// <summary>Whose a VM is that was this node's; null: it was not, or is again.</summary>
    public string? Find(InstanceId id) => _gone.GetValueOrDefault(id);

    /// <summary>VMs that went to another node a moment ago, as they were when they were released.</summary>
    public IEnumerable<VmView> JustGone
    {
        get
        {
            while (_justGone.TryPeek(out var oldest) && parts.Time.GetElapsedTime(oldest.Since) > LingersFor)
            {
                _justGone.Dequeue();
            }

            return _justGone.Select(gone => gone.View);
        }
    }

    /// <summary>The VM goes to another node now.</summary>
    public void Linger(VmView view) => _justGone.Enqueue((view, parts.Time.GetTimestamp()));

    /// <summary>The VM is this node's again.</summary>
    public void Return(InstanceId id) => _gone.Remove(id);

    /// <summary>It is written down that nothing of the VM is left.</summary>
    public void Over(InstanceId id) => _left.Remove(id);

    /// <summary>Finds out which VMs those are; it comes to the host as <see cref="Known"/>. Since the process has claimed its node's name, none is added.</summary>
    public void Know()
    {
        if (_isKnown)
        {
            self.Tell(new Known(new Dictionary<InstanceId, string>()));
            return;
        }

        LookAsync(parts.Adoptions!).PipeTo(self, failure: e => new Looked(null, new Dictionary<InstanceId, string>(), e.GetBaseException().Message));
    }

    /// <summary>Asks what became of the VMs that were released. Each time it is due.</summary>
    public void Follow()
    {
        if (!_isFollowing && parts.Roster.Views.Values.Where(view => view.IsReleased && !_left.Contains(view.Id)).Select(view => view.Id).ToList() is { Count: > 0 } released)
        {
            _isFollowing = true;
            parts.Adoptions!.WhereAreAsync(released).PipeTo(self, success: where => new Followed(where, null), failure: e => new Followed([], e.GetBaseException().Message));
        }
    }

    /// <summary>Removes what is left, where the hypervisor is there.</summary>
    public void Remove()
    {
        if (hypervisor.IsThere)
        {
            foreach (var id in _left.Where(_underWay.Add).ToList())
            {
                runner.LeaveAsync(id, _gone[id]).PipeTo(self, success: outcome => new Removed(id, outcome.IsDone ? null : outcome.Reason), failure: e => new Removed(id, e.Message));
            }
        }
    }

    /// <summary>What was waited for came.</summary>
    /// <param name="outcome">It.</param>
    /// <param name="registry">What the registry has now.</param>
    public void Hear(Outcome outcome, RegistryState registry)
    {
        switch (outcome)
        {
            case Looked { Gone: { } gone } looked:
                OnGone(registry, gone, looked.Arriving);
                break;
            case Followed followed:
                OnFollowed(followed);
                break;
            case Looked looked:
                log.Warning("which VMs of this node are another's by now cannot be looked up, and is tried again: {Reason}", looked.Trouble);
                timers().StartSingleTimer(nameof(Looked), new LookAgain(), AgainAfter);
                break;
            case LookAgain:
                Know();
                break;
            case Removed { Trouble: null } removed:
                _underWay.Remove(removed.Id);
                Registry.Tell(new RegistryActor.Leave(removed.Id, _gone[removed.Id]));
                break;
            case Removed removed:
                _underWay.Remove(removed.Id);
                log.Warning("what is left of {InstanceId} here cannot be removed yet: {Reason}", removed.Id, removed.Trouble);
                timers().StartSingleTimer(nameof(Again), new Again(), AgainAfter);
                break;
            case Again:
                Remove();
                break;
        }
    }

    private async Task<object> LookAsync(IAdoptions adoptions)
    {
        var gone = await adoptions.DepartedAsync(parts.Node).ConfigureAwait(false);
        return new Looked(gone, await adoptions.ReleasedToAsync(parts.Node).ConfigureAwait(false), null);
    }

    private void OnFollowed(Followed followed)
    {
        _isFollowing = false;
        if (followed.Trouble is { } trouble)
        {
            log.Warning("what became of the VMs that this node released cannot be looked up, and is tried again: {Reason}", trouble);
        }

        foreach (var vm in followed.Vms)
        {
            if (vm.Node != parts.Node)
            {
                log.Info("{InstanceId} is on {Node} now: what is left of it here is removed", vm.Id, vm.Node);
                _gone[vm.Id] = vm.Node;
                _left.Add(vm.Id);
                self.Tell(new Moved(vm.Id));
            }
            else if (vm.IsGivenUp)
            {
                self.Tell(new VmMoveAsk(vm.Id, 0, new VmMoveStep.TakeBack("the node that it was to go to was lost")), ActorRefs.Nobody);
            }
        }
    }

    private void OnGone(RegistryState registry, IReadOnlyDictionary<InstanceId, string> gone, IReadOnlyDictionary<InstanceId, string> arriving)
    {
        _isKnown = true;
        foreach (var (id, to) in gone)
        {
            _gone[id] = to;
            if (registry.Entries.TryGetValue(id, out var entry) && entry.Retired is null && !arriving.ContainsKey(id))
            {
                log.Warning("{InstanceId} was started anew on {Node}, or moved there, while this node was away: what is left of it here is destroyed", id, to);
                _left.Add(id);
            }
        }

        self.Tell(new Known(arriving));
    }

    /// <summary>To the host: it is known which VMs are another's, so that the registry can be gone by.</summary>
    /// <param name="Arriving">The VMs that were released to this node, and by whom.</param>
    internal sealed record Known(IReadOnlyDictionary<InstanceId, string> Arriving) : INoSerializationVerificationNeeded;

    /// <summary>To the host: a VM that is here is another node's now, and its actor is to end.</summary>
    /// <param name="Id">The VM.</param>
    internal sealed record Moved(InstanceId Id) : INoSerializationVerificationNeeded;

    /// <summary>To the host: something that was waited for; for <see cref="Departures.Hear"/>.</summary>
    internal abstract record Outcome : INoSerializationVerificationNeeded;

    private sealed record Looked(IReadOnlyDictionary<InstanceId, string>? Gone, IReadOnlyDictionary<InstanceId, string> Arriving, string? Trouble) : Outcome;

    private sealed record LookAgain : Outcome;

    private sealed record Followed(IReadOnlyList<ReleasedVm> Vms, string? Trouble) : Outcome;

    private sealed record Removed(InstanceId Id, string? Trouble) : Outcome;

    private sealed record Again : Outcome;
}
