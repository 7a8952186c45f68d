using System.Collections.Concurrent;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Calls;

/// <summary>A call on a lane. <see cref="Ended"/> comes late, or never, where the call hangs.</summary>
/// <param name="Answer">The outcome, within the time limit of the lane.</param>
/// <param name="Ended">Ends when the call itself has ended and its thread is free again; never after <paramref name="Answer"/>
/// unless that says that it did not answer in time.</param>
internal readonly record struct LaneCall<T>(Task<Outcome<T>> Answer, Task Ended);

/// <summary>A few named threads of its own for calls that block, behind a bounded queue. Safe for all threads.</summary>
/// <remarks>
/// A native call cannot be cancelled: where one exceeds the limit only the waiting ends, its thread stays with it and is counted, and
/// its late result is dropped. Where all threads hang, what waits is answered at once, and so is every new call.
/// </remarks>
internal sealed class CallLane : IDisposable
{
    private readonly string _name;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly int _threads;
    private readonly BlockingCollection<Work> _queue;
    private readonly Lock _gate = new();
    private int _stuck;
    private bool _closed;

    /// <summary>Starts the threads.</summary>
    /// <param name="name">For a person: names the threads.</param>
    /// <param name="threads">How many.</param>
    /// <param name="queueMax">Calls that may wait for a thread.</param>
    /// <param name="limit">How long one call may take once it has a thread.</param>
    /// <param name="time">The clock.</param>
    public CallLane(string name, int threads, int queueMax, TimeSpan limit, TimeProvider time)
    {
        (_name, _threads, _limit, _time) = (name, threads, limit, time);
        _queue = new BlockingCollection<Work>(queueMax);
        for (var number = 1; number <= threads; number++)
        {
            new Thread(Run) { Name = $"libvirt {name} {number}", IsBackground = true }.Start();
        }
    }

    /// <summary>Threads that are held by a call over its limit.</summary>
    public int Stuck => Volatile.Read(ref _stuck);

    /// <summary>Has a call made.</summary>
    /// <param name="work">The call. What it throws is a failed outcome.</param>
    /// <param name="late">Told the result that came after the limit: whoever must dispose of it does it there.</param>
    public LaneCall<T> Call<T>(Func<Outcome<T>> work, Action<Outcome<T>>? late = null)
    {
        var item = new Work<T>(this, work, late);
        lock (_gate)
        {
            var refusal = _closed ? $"the lane '{_name}' is closed"
                : _stuck == _threads ? AllStuck
                : !_queue.TryAdd(item) ? $"more than {_queue.BoundedCapacity} calls wait in the lane '{_name}'"
                : null;
            if (refusal is not null)
            {
                item.Refuse(refusal);
            }
        }

        return item.Call;
    }

    /// <summary>Takes no more calls and answers those that wait. Threads end with the call that they are in. The collection is left to
    /// the collector, since threads may still be coming back to it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _closed = true;
                _queue.CompleteAdding();
                RefuseWaiting($"the lane '{_name}' is closed");
            }
        }
    }

    private string AllStuck => $"all {_threads} threads of the lane '{_name}' are held by calls that do not return";

    private void Run()
    {
        foreach (var work in _queue.GetConsumingEnumerable())
        {
            work.Run();
        }
    }

    private void RefuseWaiting(string reason)
    {
        while (_queue.TryTake(out var waiting))
        {
            waiting.Refuse(reason);
        }
    }

    private void BecameStuck()
    {
        lock (_gate)
        {
            _stuck++;
            if (_stuck == _threads)
            {
                RefuseWaiting(AllStuck);
            }
        }
    }

    private void BecameFree()
    {
        lock (_gate)
        {
            _stuck--;
        }
    }

    private abstract class Work
    {
        public abstract void Run();

        public abstract void Refuse(string reason);
    }

    private sealed class Work<T>(CallLane lane, Func<Outcome<T>> work, Action<Outcome<T>>? late) : Work
    {
        private readonly TaskCompletionSource<Outcome<T>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _deciding = new();
        private bool _overdue;
        private bool _over;

        public LaneCall<T> Call => new(_answer.Task, _ended.Task);

        public override void Refuse(string reason)
        {
            _ended.SetResult();
            _answer.SetResult(Outcome<T>.Unavailable(reason));
        }

        public override void Run()
        {
            Outcome<T> outcome;
            using (lane._time.CreateTimer(_ => BecomeOverdue(), null, lane._limit, Timeout.InfiniteTimeSpan))
            {
                outcome = Guarded();
            }

            lock (_deciding)
            {
                _over = true;
            }

            if (_overdue)
            {
                lane.BecameFree();
                late?.Invoke(outcome);
            }

            _ended.SetResult();
            _answer.TrySetResult(outcome);
        }

        private Outcome<T> Guarded()
        {
            try
            {
                return work();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The edge of the thread: nothing above would catch it.
                return Outcome<T>.Failed(e.Message);
            }
        }

        private void BecomeOverdue()
        {
            lock (_deciding)
            {
                if (_over)
                {
                    return;
                }

                _overdue = true;
                lane.BecameStuck();
            }

            _answer.TrySetResult(Outcome<T>.Unavailable($"it did not answer within {lane._limit.TotalSeconds:0.#} s"));
        }
    }
}
