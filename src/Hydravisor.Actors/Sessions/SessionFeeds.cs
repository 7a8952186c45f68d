using Akka.Actor;
using Hydravisor.Actors.Feeds;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>What a session may follow of a VM.</summary>
internal enum FeedKind
{
    /// <summary>Its log.</summary>
    Log,

    /// <summary>Its terminal.</summary>
    Terminal,
}

/// <summary>What a session follows, and passes on at the pace of its peer.</summary>
/// <remarks>
/// Nothing gathers here: lines are taken from a feed only when the connection takes them, and a feed keeps its place meanwhile. Those that have something
/// take turns. Not thread-safe: the session's own; only the waking comes from any thread, as a message.
/// </remarks>
/// <param name="self">The session.</param>
/// <param name="outbound">Where the lines go.</param>
/// <param name="feedsMax">How many there may be at once.</param>
internal sealed class SessionFeeds(IActorRef self, OutboundBuffer outbound, int feedsMax) : IDisposable
{
    /// <summary>After so many takes the session looks into its mailbox again.</summary>
    private const int TakesAtOnce = 32;

    private readonly Dictionary<(FeedKind Kind, InstanceId Id), Followed> _feeds = [];
    private readonly Queue<Followed> _ready = [];
    private (Followed Of, ReadOnlyMemory<byte> Lines)? _held;
    private bool _again;

    /// <summary>What there is to do after a <see cref="Pass"/>.</summary>
    internal enum Passed
    {
        /// <summary>Nothing: all was passed on, or the rest comes in the session's next turn.</summary>
        Done,

        /// <summary>The connection is full: pass on again when it has room.</summary>
        Full,
    }

    /// <summary>Whether one more may be followed.</summary>
    public bool HasRoomFor(FeedKind kind, InstanceId id) => _feeds.Count < feedsMax || _feeds.ContainsKey((kind, id));

    /// <summary>Follows; what was followed under the same name before is followed no more.</summary>
    /// <param name="kind">What.</param>
    /// <param name="id">Of which VM.</param>
    /// <param name="open">Opens the feed; handed what wakes this session.</param>
    public void Follow(FeedKind kind, InstanceId id, Func<Action, IFeed> open)
    {
        var followed = Reserve(kind, id);
        followed.Fill(open(followed.Wake));
    }

    /// <summary>Follows what is being opened; what was followed under the same name before is followed no more.</summary>
    /// <param name="kind">What.</param>
    /// <param name="id">Of which VM.</param>
    /// <param name="left">Told once when it is followed no more.</param>
    /// <returns>Its place, to be filled (<see cref="Followed.Fill"/>); it knows what wakes this session.</returns>
    public Followed Reserve(FeedKind kind, InstanceId id, Action? left = null)
    {
        Leave(kind, id);
        var followed = new Followed(kind, id, left);
        var awake = new Awake(followed);
        followed.Wake = () => self.Tell(awake);
        _feeds[(kind, id)] = followed;
        return followed;
    }

    /// <summary>The feed that is followed under that name; null: none.</summary>
    public IFeed? Find(FeedKind kind, InstanceId id) => _feeds.GetValueOrDefault((kind, id))?.Feed;

    /// <summary>Follows no more: nothing of it comes after this.</summary>
    public void Leave(FeedKind kind, InstanceId id)
    {
        if (_feeds.Remove((kind, id), out var followed))
        {
            followed.Leave();
        }
    }

    /// <summary>A feed has something.</summary>
    public void Wake(Awake awake)
    {
        if (awake.Of is { Left: false, Ready: false, Feed: not null })
        {
            awake.Of.Ready = true;
            _ready.Enqueue(awake.Of);
        }
    }

    /// <summary>It is the session's turn again.</summary>
    public void Resume() => _again = false;

    /// <summary>Passes on as much as the connection takes.</summary>
    /// <param name="ended">Told of each feed that has ended, with the reason.</param>
    public Passed Pass(Action<Followed, string> ended)
    {
        if (!TryPassHeld())
        {
            return Passed.Full;
        }

        for (var taken = 0; _ready.TryPeek(out var next); taken++)
        {
            if (next.Left)
            {
                _ready.Dequeue();
            }
            else if (taken >= TakesAtOnce)
            {
                if (!_again)
                {
                    _again = true;
                    self.Tell(More.Instance);
                }

                break;
            }
            else if (!next.Feed!.TryTake(out var lines))
            {
                Rest(next, ended);
            }
            else
            {
                _ready.Enqueue(_ready.Dequeue());
                _held = (next, lines);
                if (!TryPassHeld())
                {
                    return Passed.Full;
                }
            }
        }

        return Passed.Done;
    }

    /// <inheritdoc/>
    public void Dispose() => LeaveAll();

    /// <summary>Follows nothing any more.</summary>
    public void LeaveAll()
    {
        foreach (var (kind, id) in _feeds.Keys.ToList())
        {
            Leave(kind, id);
        }
    }

    private bool TryPassHeld()
    {
        if (_held is { Of.Left: false } held && !outbound.TryPass(held.Lines))
        {
            return false;
        }

        _held = null;
        return true;
    }

    // It has nothing now, and wakes the session when it has again; or it is over.
    private void Rest(Followed followed, Action<Followed, string> ended)
    {
        _ready.Dequeue();
        followed.Ready = false;
        if (followed.Feed!.Ended is { } why)
        {
            Leave(followed.Kind, followed.Id);
            ended(followed, why);
        }
    }

    /// <summary>A feed that is followed, or is being opened to be. The session's own, but for what says otherwise.</summary>
    internal sealed class Followed(FeedKind kind, InstanceId id, Action? left)
    {
        private readonly Lock _gate = new();
        private IFeed? _offered;
        private bool _left;

        /// <summary>What.</summary>
        public FeedKind Kind => kind;

        /// <summary>Of which VM.</summary>
        public InstanceId Id => id;

        /// <summary>The feed; null while it is being opened.</summary>
        public IFeed? Feed { get; set; }

        /// <summary>Tells the session that there is something to take. For all threads.</summary>
        public Action Wake { get; set; } = () => { };

        /// <summary>Whether it waits for its turn.</summary>
        public bool Ready { get; set; }

        /// <summary>Whether it is followed no more.</summary>
        public bool Left
        {
            get
            {
                lock (_gate)
                {
                    return _left;
                }
            }
        }

        /// <summary>Hands over a feed as soon as it is open, so that it ends with the session also where that ends before it hears of it. For all threads.</summary>
        /// <returns>False where nobody wants it any more: it is ended then.</returns>
        public bool TryOffer(IFeed feed)
        {
            lock (_gate)
            {
                if (!_left)
                {
                    _offered = feed;
                    return true;
                }
            }

            feed.Dispose();
            return false;
        }

        /// <summary>What was being opened is open: it is followed from now on, unless it was left meanwhile.</summary>
        public void Fill(IFeed feed)
        {
            if (TryOffer(feed))
            {
                Feed = feed;
                Wake();
            }
        }

        /// <summary>It is followed no more.</summary>
        public void Leave()
        {
            IFeed? offered;
            lock (_gate)
            {
                (_left, offered) = (true, _offered);
            }

            offered?.Dispose();
            left?.Invoke();
        }
    }

    /// <summary>Feed → session: there is something to take.</summary>
    internal sealed record Awake(Followed Of) : INoSerializationVerificationNeeded;

    /// <summary>Session → itself: there is more to take.</summary>
    internal sealed record More : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static More Instance { get; } = new();
    }
}
