using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Calls;

/// <summary>One call's place in the order of its domain.</summary>
internal sealed class Turn
{
    private volatile bool _overtaken;

    /// <summary>Whether a destroy or a removal was called meanwhile: the call then does nothing that would outlive that.</summary>
    public bool IsOvertaken => _overtaken;

    /// <summary>Notes that it was overtaken.</summary>
    public void Overtake() => _overtaken = true;
}

/// <summary>The order of the calls on each domain: one after another, but for those that overtake. Safe for all threads.</summary>
/// <remarks>
/// A call that overtakes ends those that wait before it and does not wait for one that is under way, except for one that brings
/// something about (it would be there again behind it), and for that only as long as it keeps to its time limit.
/// </remarks>
/// <param name="waitingMax">How many calls may wait for one domain; more are unavailable.</param>
internal sealed class DomainTurns(int waitingMax = 16)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<InstanceId, Order> _orders = [];

    /// <summary>Makes a call when the calls before it have ended.</summary>
    /// <param name="id">The domain.</param>
    /// <param name="brings">Whether it brings something about: a definition, a run.</param>
    /// <param name="call">Begins the call; does not block.</param>
    public Task<Outcome<T>> InTurnAsync<T>(InstanceId id, bool brings, Func<Turn, LaneCall<T>> call) =>
        EnterAsync(id, new Entry<T>(call) { Brings = brings });

    /// <summary>Makes a call ahead of all those before it.</summary>
    public Task<Outcome<T>> OvertakeAsync<T>(InstanceId id, Func<Turn, LaneCall<T>> call) =>
        EnterAsync(id, new Entry<T>(call) { Overtakes = true });

    private Task<Outcome<T>> EnterAsync<T>(InstanceId id, Entry<T> entry)
    {
        lock (_gate)
        {
            if (!_orders.TryGetValue(id, out var order))
            {
                _orders.Add(id, order = new Order());
            }

            if (entry.Overtakes)
            {
                order.Overtake();
                order.Ahead.Enqueue(entry);
            }
            else if (order.Running.Exists(running => running.Hangs))
            {
                entry.End(Outcome.Unavailable(HangsBefore));
            }
            else if (order.Waiting.Count == waitingMax)
            {
                entry.End(Outcome.Unavailable($"more than {waitingMax} calls wait for this domain"));
            }
            else
            {
                order.Waiting.Enqueue(entry);
            }

            Advance(id, order);
        }

        return entry.Answer;
    }

    private const string HangsBefore = "an earlier call on this domain does not return";

    private void Advance(InstanceId id, Order order)
    {
        while (order.Next() is { } entry)
        {
            order.Running.Add(entry);
            _ = FollowAsync(id, order, entry, entry.Begin());
        }

        if (order.IsIdle)
        {
            _orders.Remove(id);
        }
    }

    private async Task FollowAsync(InstanceId id, Order order, Entry entry, (Task Answered, Task Ended) call)
    {
        await call.Answered.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        if (!call.Ended.IsCompleted)
        {
            lock (_gate)
            {
                entry.Hangs = true;
                order.EndWaiting(Outcome.Unavailable(HangsBefore));
                Advance(id, order);
            }

            await call.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        lock (_gate)
        {
            order.Running.Remove(entry);
            Advance(id, order);
        }
    }

    private sealed class Order
    {
        public List<Entry> Running { get; } = [];

        public Queue<Entry> Ahead { get; } = new();

        public Queue<Entry> Waiting { get; } = new();

        public bool IsIdle => Running.Count + Ahead.Count + Waiting.Count == 0;

        public void Overtake()
        {
            Running.ForEach(running => running.Turn.Overtake());
            EndWaiting(Outcome.Failed("it was overtaken: the domain was destroyed or removed meanwhile"));
        }

        public void EndWaiting(Outcome outcome)
        {
            while (Waiting.TryDequeue(out var waiting))
            {
                waiting.End(outcome);
            }
        }

        public Entry? Next()
        {
            if (Ahead.Count > 0)
            {
                return Running.Exists(running => (running.Overtakes || running.Brings) && !running.Hangs) ? null : Ahead.Dequeue();
            }

            return Running.Count == 0 && Waiting.TryDequeue(out var next) ? next : null;
        }
    }

    private abstract class Entry
    {
        public Turn Turn { get; } = new();

        public bool Brings { get; init; }

        public bool Overtakes { get; init; }

        public bool Hangs { get; set; }

        public abstract (Task Answered, Task Ended) Begin();

        public abstract void End(Outcome outcome);
    }

    private sealed class Entry<T>(Func<Turn, LaneCall<T>> call) : Entry
    {
        private readonly TaskCompletionSource<Outcome<T>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Outcome<T>> Answer => _answer.Task;

        public override (Task Answered, Task Ended) Begin()
        {
            var begun = call(Turn);
            _ = PassOnAsync(begun.Answer);
            return (begun.Answer, begun.Ended);
        }

        public override void End(Outcome outcome) => _answer.SetResult(new Outcome<T>(outcome, default));

        private async Task PassOnAsync(Task<Outcome<T>> answer) => _answer.SetResult(await answer.ConfigureAwait(false));
    }
}
