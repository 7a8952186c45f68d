using Akka.Actor;
using Akka.Cluster;
using Hydravisor.Actors.Hypervisors;
using static Hydravisor.Actors.Cluster.Reach.ReachMessages;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>The end of a <see cref="RemoteFeed"/> that speaks with the VM's node.</summary>
internal sealed class RemoteFeedActor : UntypedActor, IWithTimers
{
    private readonly RemoteFeed _feed;
    private readonly Member _node;
    private readonly object _open;
    private readonly TimeSpan _within;
    private readonly TaskCompletionSource<Outcome> _opened;
    private readonly Queue<object> _early = [];
    private IActorRef? _sender;

    /// <summary>Makes it.</summary>
    /// <param name="feed">The feed.</param>
    /// <param name="node">The VM's node.</param>
    /// <param name="open">What to follow.</param>
    /// <param name="opened">Completed when it is open, or cannot be.</param>
    /// <param name="within">How long the node may take to open it.</param>
    public RemoteFeedActor(RemoteFeed feed, Member node, object open, TaskCompletionSource<Outcome> opened, TimeSpan within) =>
        (_feed, _node, _open, _opened, _within) = (feed, node, open, opened, within);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private string Lost => Member.Lost(_node.Name);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Akka.Cluster.Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.UnreachableMember));
        Timers.StartSingleTimer(TimeIsUp.Instance, TimeIsUp.Instance, _within);
        Context.ActorSelection(_node.ReachPath).Tell(_open);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        Akka.Cluster.Cluster.Get(Context.System).Unsubscribe(Self);
        _opened.TrySetResult(Outcome.Unavailable(Lost));
        _feed.Silence(Outcome.Unavailable($"{Lost}; whether it was done is not known"));
        _feed.Lose(Lost);
        _sender?.Tell(new Leave());
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Lines lines:
                _feed.Put(lines.Bytes);
                break;
            case Opened opened:
                OnOpened(opened);
                break;
            case Over over:
                _feed.End(over.Why);
                break;
            case Done done:
                _feed.Answer(done);
                break;
            case ReachMessages.TypeIn or Resize or Taken:
                Send(message);
                break;
            case ClusterEvent.UnreachableMember lost when lost.Member.UniqueAddress.Uid != _node.Incarnation:
                break;
            case Leave or TimeIsUp or Terminated or ClusterEvent.UnreachableMember:
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnOpened(Opened opened)
    {
        Timers.Cancel(TimeIsUp.Instance);
        if (opened.Kind == OutcomeKind.Done)
        {
            _feed.From = opened.From;
            _sender = Context.Watch(Sender);
            while (_early.TryDequeue(out var early))
            {
                _sender.Tell(early);
            }
        }

        _opened.TrySetResult(new Outcome(opened.Kind, opened.Reason));
        if (opened.Kind != OutcomeKind.Done)
        {
            Context.Stop(Self);
        }
    }

    // What is typed before it is open waits for that.
    private void Send(object message)
    {
        if (_sender is { } sender)
        {
            sender.Tell(message);
        }
        else
        {
            _early.Enqueue(message);
        }
    }

    private sealed record TimeIsUp : INoSerializationVerificationNeeded
    {
        public static TimeIsUp Instance { get; } = new();
    }
}
