using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace Hydravisor.Actors.Cluster;

/// <summary>Ends what a node can write that the cluster gave up: it may live on, and not know. Every node that stays does it, and the store does it once.</summary>
internal sealed class FencingActor : UntypedActor, IWithTimers
{
    private readonly IStandings _standings;
    private readonly TimeSpan _againAfter;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>Makes it.</summary>
    /// <param name="standings">Where nodes are fenced.</param>
    /// <param name="againAfter">When what failed is tried again.</param>
    public FencingActor(IStandings standings, TimeSpan againAfter) => (_standings, _againAfter) = (standings, againAfter);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart() => _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, [typeof(ClusterEvent.MemberRemoved)]);

    /// <inheritdoc/>
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.MemberRemoved { PreviousStatus: MemberStatus.Down } removed when Members.EpochIn(removed.Member.Roles) is > 0 and var epoch:
                Fence(new Lost(Members.NameIn(removed.Member.Roles), epoch));
                break;
            case ClusterEvent.MemberRemoved:
                break;
            case Lost lost:
                Fence(lost);
                break;
            case Fenced { Lost: var lost, Trouble: null }:
                _log.Info("node {Node} writes no more in its epoch {Epoch}: the cluster gave it up", lost.Node, lost.Epoch);
                break;
            case Fenced { Lost: var lost, Trouble: { } trouble }:
                _log.Warning("node {Node} cannot be fenced yet: {Reason}", lost.Node, trouble);
                Timers.StartSingleTimer(lost, lost, _againAfter);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Fence(Lost lost) => _standings.FenceAsync(lost.Node, lost.Epoch).PipeTo(
        Self, success: () => new Fenced(lost, Trouble: null), failure: cause => new Fenced(lost, cause.Message));

    private sealed record Lost(string Node, long Epoch) : INoSerializationVerificationNeeded;

    private sealed record Fenced(Lost Lost, string? Trouble) : INoSerializationVerificationNeeded;
}
