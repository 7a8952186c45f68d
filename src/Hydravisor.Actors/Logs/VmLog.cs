using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs.Following;
using Hydravisor.Actors.Logs.Segments;
using Hydravisor.Actors.Logs.Sources;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Logs;

/// <summary>One VM's log: what is asked of it, done in turns on the threads of the logs, never two turns at once. Safe for all threads.</summary>
/// <param name="id">The VM.</param>
/// <param name="services">What all share.</param>
/// <param name="dropped">Told when nothing more is to be done for it and its inbox is closed.</param>
internal sealed class VmLog(InstanceId id, LogServices services, Action<VmLog> dropped) : ILogWork, IFileListener
{
    private const int Idle = 0;
    private const int Queued = 1;
    private const int Running = 2;
    private const int RunningAgain = 3;
    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(30);

    private int _schedule;
    private volatile bool _namesChanged = true;
    private volatile string? _trouble;

    // What follows belongs to the turn.
    private SegmentStore? _store;
    private VmSources? _sources;
    private Followers? _followers;
    private TimeSpan _retry = RetryFirst;
    private long _retryAt;

    /// <summary>The VM.</summary>
    public InstanceId Id => id;

    /// <summary>What is asked of it. Who puts something in calls <see cref="Schedule"/> then.</summary>
    public VmInbox Inbox { get; } = new();

    /// <summary>Why it cannot be written or read now, for a person; null: it can.</summary>
    public string? Trouble => _trouble;

    /// <summary>Bytes that are held in memory for all its followers together.</summary>
    public long HeldBytes => _followers?.HeldBytes ?? 0;

    /// <inheritdoc/>
    public void OnChanged(bool names)
    {
        if (names)
        {
            _namesChanged = true;
        }

        Schedule();
    }

    /// <summary>Has a turn come.</summary>
    public void Schedule()
    {
        while (true)
        {
            var now = Volatile.Read(ref _schedule);
            if (now is Queued or RunningAgain)
            {
                return;
            }

            if (Interlocked.CompareExchange(ref _schedule, now == Idle ? Queued : RunningAgain, now) == now)
            {
                if (now == Idle && !services.Threads.TryAdd(this))
                {
                    Close();
                }

                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Run(LogScratch scratch)
    {
        Volatile.Write(ref _schedule, Running);
        var more = Turn(scratch);
        if (more)
        {
            Interlocked.Exchange(ref _schedule, Queued);
            Add();
        }
        else if (Interlocked.CompareExchange(ref _schedule, Idle, Running) != Running)
        {
            Interlocked.Exchange(ref _schedule, Queued);
            Add();
        }
    }

    /// <summary>Adds one who follows. Only in a turn.</summary>
    public LogFeed Follow(SegmentStore store, LogStart from, Action wake)
    {
        _followers ??= new Followers(id, services.Settings, store.State.LastSeq, Schedule);
        return _followers.Add(from.IsTail ? store.State.LastSeq + 1 : Math.Min(from.Number, store.State.LastSeq + 1), wake);
    }

    /// <summary>Ends everything: no turn comes any more.</summary>
    public void Close()
    {
        Inbox.Close("the logs are closed");
        _sources?.Close();
    }

    private void Add()
    {
        if (!services.Threads.TryAdd(this))
        {
            Close();
        }
    }

    private bool Turn(LogScratch scratch)
    {
        if (Inbox.IsClosed)
        {
            return false; // another one may have taken its place
        }

        var more = false;
        try
        {
            _store ??= SegmentStore.Open(services.Directory, id, scratch.Segment);
            more = Store(_store, scratch);
        }
        catch (Exception e)
        {
            // Whatever it is, a turn is the edge: the thread goes on with the others.
            Fail(e.Message);
        }

        foreach (var request in Inbox.TakeRequests())
        {
            Answer(request, scratch);
        }

        more |= Serve(scratch);
        if (_followers?.Count == 0)
        {
            _followers = null;
        }

        if (!more && _followers is null && Inbox.TryClose())
        {
            _sources?.Close();
            dropped(this);
        }

        return more;
    }

    private bool Store(SegmentStore store, LogScratch scratch)
    {
        if (services.Time.GetTimestamp() < _retryAt)
        {
            Inbox.Drained(Outcome.Unavailable(_trouble ?? ""));
            return false;
        }

        if (Inbox.IsToRetain)
        {
            store.Retain(services.Settings, services.Time.GetUtcNow());
            Inbox.Retained();
        }

        var draining = Inbox.IsDraining;
        var logs = Inbox.IsWatched || draining ? services.Sources(id) : null;
        if (logs is null)
        {
            _sources?.Close();
            _sources = null;
        }
        else
        {
            Watch(logs);
        }

        var unread = new LogWriter(services.Settings, services.Time, Stored).Run(store, scratch, Inbox.Lines, logs, draining);
        Inbox.Stored(store.State.Lifecycle);
        var more = unread;
        if (logs is not null)
        {
            more |= _sources!.Pump(logs, caughtUp: !unread, scratch.Discarded);
        }

        Recover();
        if (draining && !unread)
        {
            Inbox.Drained(Outcome.Done);
            return true; // to leave the sources, unless they are watched again
        }

        if (Inbox.IsForgotten && !more)
        {
            _followers?.End("the instance was deleted");
        }

        return more;
    }

    private void Stored(FrameBuilder frame, int portBytes)
    {
        _followers?.Publish(frame);
        _sources?.Stored(portBytes);
    }

    private void Watch(GuestLogs logs)
    {
        if (_sources is not null && !_namesChanged)
        {
            return;
        }

        _sources ??= new VmSources(services.Events, this);
        // Cleared first: what changes from here on is told again.
        _namesChanged = false;
        Again(_sources.Watch(logs));
    }

    private void Again(TimeSpan? delay)
    {
        if (delay is { } later)
        {
            services.Timers.Set(this, later);
        }
    }

    private void Answer(LogRequest request, LogScratch scratch)
    {
        if (_store is null)
        {
            request.Fail(_trouble ?? "");
            return;
        }

        try
        {
            request.Answer(_store, scratch);
        }
        catch (Exception e)
        {
            request.Fail(e.Message);
        }
    }

    private bool Serve(LogScratch scratch)
    {
        try
        {
            return _store is not null && _followers?.Serve(_store, scratch) == true;
        }
        catch (Exception e)
        {
            Fail(e.Message);
            return false;
        }
    }

    private void Fail(string reason)
    {
        _retryAt = services.Time.GetTimestamp() + (long)(_retry.TotalSeconds * services.Time.TimestampFrequency);
        Again(_retry);
        _retry = _retry * 2 < RetryMax ? _retry * 2 : RetryMax;
        Inbox.Drained(Outcome.Unavailable(reason));
        if (_trouble != reason)
        {
            _trouble = reason;
            services.Trouble(id, reason);
        }
    }

    private void Recover()
    {
        (_retry, _retryAt) = (RetryFirst, 0);
        if (_trouble is not null)
        {
            _trouble = null;
            services.Trouble(id, null);
        }
    }
}
