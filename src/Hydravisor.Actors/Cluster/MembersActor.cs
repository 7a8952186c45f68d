using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using ClusterMember = Akka.Cluster.Member;

namespace Hydravisor.Actors.Cluster;

/// <summary>Keeps <see cref="Members"/> as the cluster tells, and tells of each change.</summary>
internal sealed class MembersActor : UntypedActor
{
    private readonly Members _members;
    private readonly IReadOnlyList<IActorRef> _listeners;
    private readonly TimeProvider _time;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>Makes it.</summary>
    /// <param name="members">Written by this actor only.</param>
    /// <param name="listeners">Told of changes: <see cref="Changed"/>.</param>
    /// <param name="time">The clock.</param>
    public MembersActor(Members members, IReadOnlyList<IActorRef> listeners, TimeProvider time) => (_members, _listeners, _time) = (members, listeners, time);

    /// <inheritdoc/>
    protected override void PreStart() => _cluster.Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, [typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent)]);

    /// <inheritdoc/>
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.CurrentClusterState state:
                foreach (var member in state.Members)
                {
                    Put(member, isReachable: !state.Unreachable.Contains(member));
                }

                break;
            case ClusterEvent.MemberRemoved removed:
                Remove(removed.Member);
                break;
            case ClusterEvent.IMemberEvent changed:
                Put(changed.Member, isReachable: null);
                break;
            case ClusterEvent.UnreachableMember lost:
                Put(lost.Member, isReachable: false);
                break;
            case ClusterEvent.ReachableMember back:
                Put(back.Member, isReachable: true);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // Two processes under one name: the one that joined last counts, the other is on its way out.
    private void Put(ClusterMember member, bool? isReachable)
    {
        var name = Members.NameIn(member.Roles);
        var before = _members.ByName.GetValueOrDefault(name);
        var isSame = before?.Incarnation == member.UniqueAddress.Uid;
        if (name.Length == 0 || (before is not null && !isSame && member.Status is MemberStatus.Down or MemberStatus.Exiting or MemberStatus.Removed))
        {
            return;
        }

        var standing = StandingOf(member.Status);
        var reachable = isReachable ?? (!isSame || before!.IsReachable);
        if (isSame && before!.Standing == standing && before.IsReachable == reachable)
        {
            return;
        }

        Set(_members.ByName.SetItem(name, new Member(name, member.Address, member.UniqueAddress.Uid, standing, reachable, _time.GetUtcNow())), name);
    }

    private void Remove(ClusterMember member)
    {
        var name = Members.NameIn(member.Roles);
        if (_members.ByName.TryGetValue(name, out var known) && known.Incarnation == member.UniqueAddress.Uid)
        {
            Set(_members.ByName.Remove(name), name);
        }
    }

    private void Set(ImmutableSortedDictionary<string, Member> byName, string name)
    {
        _members.Set(byName);
        var now = byName.GetValueOrDefault(name);
        if (now is null)
        {
            _log.Info("node {Node} is no member of the cluster any more", name);
        }
        else
        {
            _log.Info("node {Node} at {Address} is {Standing}{Reachable}", name, now.Address, now.Standing, now.IsReachable ? "" : ", and does not answer");
        }

        foreach (var listener in _listeners)
        {
            listener.Tell(new Changed(name, now));
        }
    }

    private static MemberStanding StandingOf(MemberStatus status) => status switch
    {
        MemberStatus.Joining or MemberStatus.WeaklyUp => MemberStanding.Joining,
        MemberStatus.Up => MemberStanding.Up,
        MemberStatus.Leaving or MemberStatus.Exiting => MemberStanding.Leaving,
        _ => MemberStanding.Down,
    };

    /// <summary>Members → who listens: a node is so now; null: it is gone.</summary>
    internal sealed record Changed(string Name, Member? Now) : INoSerializationVerificationNeeded;
}
