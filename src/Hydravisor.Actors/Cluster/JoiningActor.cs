using System.Net;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace Hydravisor.Actors.Cluster;

/// <summary>Brings a node that serves into its cluster, and ends. See docs/decisions/0019-the-eldest-begins-the-cluster.md.</summary>
internal sealed class JoiningActor : UntypedActor, IWithTimers
{
    private readonly JoiningParts _parts;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IReadOnlyList<Address> _asked = [];
    private bool _wasTold;

    /// <summary>Makes it.</summary>
    /// <param name="parts">What it works with.</param>
    public JoiningActor(JoiningParts parts) => _parts = parts;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Whom to join, in the order in which they are asked. Where this node is the first, it begins a cluster if none of the others answers; where it is not there, it never does.</summary>
    /// <param name="self">This node.</param>
    /// <param name="seeds">What the operator set.</param>
    /// <param name="elders">Nodes that live and began before this one.</param>
    public static IReadOnlyList<Address> Order(Address self, IReadOnlyList<Address> seeds, IReadOnlyList<Address> elders)
    {
        var others = elders.Concat(seeds).Where(address => address != self).Distinct();
        return elders.Count == 0 ? [self, .. others] : [.. others];
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, [typeof(ClusterEvent.MemberUp), typeof(ClusterEvent.MemberWeaklyUp)]);
        Look();
    }

    /// <inheritdoc/>
    protected override void PostStop() => _cluster.Unsubscribe(Self);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Elders elders:
                Join(Order(_cluster.SelfAddress, _parts.Seeds, elders.Addresses));
                break;
            case Status.Failure failure:
                Tell(failure.Cause);
                break;
            case Tick:
                Look();
                break;
            case ClusterEvent.IMemberEvent joined when joined.Member.UniqueAddress.Equals(_cluster.SelfUniqueAddress):
                Context.Stop(Self);
                break;
            case ClusterEvent.IMemberEvent:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Look()
    {
        AskAsync().PipeTo(Self);
        Timers.StartSingleTimer("look", new Tick(), _parts.LookEvery);
    }

    private async Task<Elders> AskAsync() => new([.. (await _parts.Standings.EldersAsync().ConfigureAwait(false)).Select(_parts.AddressOf)]);

    // Asking the same ones again would only begin the wait for their answers anew.
    private void Join(IReadOnlyList<Address> order)
    {
        _wasTold = false;
        if (!order.SequenceEqual(_asked))
        {
            _log.Info("looking for a cluster at {Addresses}{Else}", string.Join(", ", order), order[0] == _cluster.SelfAddress ? ", and beginning one where there is none" : "");
            _asked = order;
            _cluster.JoinSeedNodes(order);
        }
    }

    private void Tell(Exception cause)
    {
        if (!_wasTold)
        {
            _log.Warning("which nodes live cannot be looked up, and no cluster is joined until it can: {Reason}", cause.Message);
            _wasTold = true;
        }
    }

    private sealed record Elders(IReadOnlyList<Address> Addresses) : INoSerializationVerificationNeeded;

    private sealed record Tick : INoSerializationVerificationNeeded;
}

/// <summary>What <see cref="JoiningActor"/> works with. Immutable.</summary>
/// <param name="Seeds">Where the operator says that others are.</param>
/// <param name="AddressOf">The address of the node that listens there.</param>
/// <param name="Standings">Which nodes live.</param>
/// <param name="LookEvery">How often it asks that until it belongs.</param>
internal sealed record JoiningParts(IReadOnlyList<Address> Seeds, Func<IPEndPoint, Address> AddressOf, IStandings Standings, TimeSpan LookEvery);
