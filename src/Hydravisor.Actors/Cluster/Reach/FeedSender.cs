using Akka.Actor;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Actors.Vms;
using static Hydravisor.Actors.Cluster.Reach.ReachMessages;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>One feed of this node that a session elsewhere follows: takes from it as long as there is room on the way.</summary>
internal sealed class FeedSender : UntypedActor
{
    // After so many takes the mailbox has its turn: what is typed must not wait behind what is shown.
    private const int TakesAtOnce = 32;

    private readonly VmPorts _ports;
    private readonly object _open;
    private readonly IActorRef _follower;
    private IFeed? _feed;
    private int _room = WindowBytes;
    private bool _pumping;
    private bool _isOver;
    private bool _ended;

    /// <summary>Makes it.</summary>
    /// <param name="ports">This node's.</param>
    /// <param name="open">What is followed.</param>
    /// <param name="follower">The other end.</param>
    public FeedSender(VmPorts ports, object open, IActorRef follower) => (_ports, _open, _follower) = (ports, open, follower);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Context.Watch(_follower);
        var self = Self;
        void Wake() => self.Tell(Pump.Instance);
        switch (_open)
        {
            case OpenTerminal terminal:
                (int, int)? size = terminal is { Cols: { } cols, Rows: { } rows } ? (cols, rows) : null;
                Take(_ports.Shared.Attach(terminal.Id, terminal.Role, size, Wake), from: 0);
                break;
            case OpenDisk disk:
                Await(_ports.Hypervisor.ExportAsync(disk.Id), reading => (new PieceFeed(reading.ReadAsync, reading, Wake), From: 0));
                break;
            case OpenLink link:
                Await(_ports.Hypervisor.ReceiveAsync(link.Id, link.Channel), connected => (new LinkFeed(connected, Wake), From: 0));
                break;
            case OpenLog log:
                Await(_ports.Logs.FollowAsync(log.Id, ReachActor.Start(log.From), Wake), feed => (feed, feed.From));
                break;
        }
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _ended = true;
        _feed?.Dispose();
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Opening { Make: { } make }:
                var (feed, from) = make();
                Take(feed, from);
                break;
            case Opening { Outcome: var refused }:
                Refuse(refused);
                break;
            case Pump:
                _pumping = false;
                TakeOn();
                break;
            case Taken taken:
                _room += taken.Bytes;
                TakeOn();
                break;
            case ReachMessages.TypeIn type:
                Tell(type.Correlation, (_feed as IInputFeed)?.TypeAsync(type.Bytes));
                break;
            case Resize resize:
                Tell(resize.Correlation, (_feed as ITerminalFeed)?.ResizeAsync(resize.Cols, resize.Rows));
                break;
            case Leave or Terminated:
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Await<T>(Task<Outcome<T>> opening, Func<T, (IFeed Feed, long From)> feed)
        where T : class => opening.PipeTo(
            Self,
            success: outcome => new Opening(outcome.Result, outcome.Value is { } opened ? () => feed(opened) : null),
            failure: e => new Opening(Outcome.Failed(e.Message), null));

    private void Refuse(Outcome refused)
    {
        _follower.Tell(new Opened(refused.Kind, refused.Reason, 0));
        Context.Stop(Self);
    }

    private void Take(IFeed feed, long from)
    {
        if (_ended)
        {
            feed.Dispose();
            return;
        }

        _feed = feed;
        _follower.Tell(new Opened(OutcomeKind.Done, "", from));
        TakeOn();
    }

    private void TakeOn()
    {
        for (var takes = 0; _room > 0 && _feed is { } feed; takes++)
        {
            if (takes == TakesAtOnce)
            {
                if (!_pumping)
                {
                    _pumping = true;
                    Self.Tell(Pump.Instance);
                }

                return;
            }

            if (!feed.TryTake(out var lines))
            {
                if (feed.Ended is { } why && !_isOver)
                {
                    _isOver = true;
                    _follower.Tell(new Over(why));

                    // To a link the other end may still have something to say.
                    if (feed is not LinkFeed)
                    {
                        Context.Stop(Self);
                    }
                }

                return;
            }

            _room -= lines.Length;
            _follower.Tell(new Lines(lines.ToArray()));
        }
    }

    private void Tell(long correlation, Task<Outcome>? done)
    {
        var follower = _follower;
        (done ?? Task.FromResult(Outcome.Failed("nothing can be typed into it"))).PipeTo(
            follower,
            Self,
            outcome => new Done(correlation, outcome.Kind, outcome.Reason),
            e => new Done(correlation, OutcomeKind.Failed, e.Message));
    }

    // What can be followed, or why it cannot; the feed is made by who is still there to dispose of it.
    private sealed record Opening(Outcome Outcome, Func<(IFeed Feed, long From)>? Make) : INoSerializationVerificationNeeded;

    private sealed record Pump : INoSerializationVerificationNeeded
    {
        public static Pump Instance { get; } = new();
    }
}
