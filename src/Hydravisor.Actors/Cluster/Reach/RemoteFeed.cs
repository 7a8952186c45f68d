using Akka.Actor;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs.Following;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>A feed of another node's VM: what has come and was not taken yet, at most a window of it. Safe for all threads.</summary>
/// <param name="role">What a viewer of a terminal may do.</param>
/// <param name="wake">Wakes its owner.</param>
internal sealed class RemoteFeed(TerminalRole role, Action wake) : ILogFeed, ITerminalFeed
{
    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _lines = [];
    private readonly Dictionary<long, TaskCompletionSource<Outcome>> _asked = [];
    private Outcome? _silent;
    private long _last;
    private string? _ended;
    private bool _waits;

    /// <inheritdoc/>
    public long From { get; internal set; }

    /// <inheritdoc/>
    public TerminalRole Role => role;

    /// <inheritdoc/>
    public string? Ended
    {
        get
        {
            lock (_gate)
            {
                return _lines.Count == 0 ? _ended : null;
            }
        }
    }

    /// <inheritdoc/>
    public bool IsLost { get; private set; }

    /// <summary>The <see cref="RemoteFeedActor"/>.</summary>
    internal IActorRef Actor { get; set; } = ActorRefs.Nobody;

    /// <inheritdoc/>
    public bool TryTake(out ReadOnlyMemory<byte> lines)
    {
        lock (_gate)
        {
            if (!_lines.TryDequeue(out var next))
            {
                (lines, _waits) = (default, true);
                return false;
            }

            lines = next;
        }

        Actor.Tell(new ReachMessages.Taken(lines.Length));
        return true;
    }

    /// <inheritdoc/>
    /// <remarks>The bytes are copied before it returns.</remarks>
    public Task<Outcome> TypeAsync(ReadOnlyMemory<byte> bytes) => AskAsync(correlation => new ReachMessages.TypeIn(correlation, bytes.ToArray()));

    /// <inheritdoc/>
    public Task<Outcome> ResizeAsync(int cols, int rows) => AskAsync(correlation => new ReachMessages.Resize(correlation, cols, rows));

    /// <inheritdoc/>
    public void Dispose() => Actor.Tell(new ReachMessages.Leave());

    /// <summary>Lines came.</summary>
    internal void Put(byte[] lines) => Change(() => _lines.Enqueue(lines));

    /// <summary>No more will come.</summary>
    internal void End(string why) => Change(() => _ended ??= why);

    /// <summary>No more will come, since its node does not answer.</summary>
    internal void Lose(string why) => Change(() =>
    {
        IsLost |= _ended is null;
        _ended ??= why;
    });

    /// <summary>Its actor is gone: what was asked and not answered is not, nor is anything from now on.</summary>
    internal void Silence(Outcome why)
    {
        List<TaskCompletionSource<Outcome>> asked;
        lock (_gate)
        {
            (asked, _silent) = ([.. _asked.Values], why);
            _asked.Clear();
        }

        asked.ForEach(answer => answer.TrySetResult(why));
    }

    /// <summary>What was asked is answered.</summary>
    internal void Answer(ReachMessages.Done done)
    {
        TaskCompletionSource<Outcome>? answer;
        lock (_gate)
        {
            _asked.Remove(done.Correlation, out answer);
        }

        answer?.TrySetResult(new Outcome(done.Kind, done.Reason));
    }

    private Task<Outcome> AskAsync(Func<long, object> ask)
    {
        var answer = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        long correlation;
        lock (_gate)
        {
            if (_silent is { } why)
            {
                return Task.FromResult(why);
            }

            _asked[correlation = ++_last] = answer;
        }

        Actor.Tell(ask(correlation));
        return answer.Task;
    }

    private void Change(Action change)
    {
        bool wakes;
        lock (_gate)
        {
            change();
            (wakes, _waits) = (_waits, false);
        }

        if (wakes)
        {
            wake();
        }
    }
}
