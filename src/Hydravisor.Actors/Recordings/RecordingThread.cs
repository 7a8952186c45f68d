using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Recordings;

/// <summary>A named thread for work that blocks, one piece after another, behind a bounded queue. Safe for all threads.</summary>
internal sealed class RecordingThread
{
    private readonly BlockingCollection<Action> _work;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _waitingMax;
    private int _ticking;

    /// <summary>Starts it.</summary>
    /// <param name="number">Names it.</param>
    /// <param name="waitingMax">Pieces that may wait.</param>
    public RecordingThread(int number, int waitingMax)
    {
        _waitingMax = waitingMax;
        _work = new BlockingCollection<Action>(waitingMax);
        new Thread(Run) { Name = $"recordings {number}", IsBackground = true }.Start();
    }

    /// <summary>Has something done.</summary>
    public Task<Outcome> Do(Func<Outcome> work)
    {
        var answer = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        return TryAdd(() => answer.SetResult(Guarded(work)))
            ? answer.Task
            : Task.FromResult(Outcome.Unavailable(
                _work.IsAddingCompleted ? "the recordings are closed" : $"more than {_waitingMax} requests wait for the recordings"));
    }

    /// <summary>Has something done regularly: at most one such piece waits.</summary>
    public void Tick(Action work)
    {
        if (Interlocked.Exchange(ref _ticking, 1) == 0
            && !TryAdd(() =>
            {
                Volatile.Write(ref _ticking, 0);
                work();
            }))
        {
            Volatile.Write(ref _ticking, 0);
        }
    }

    /// <summary>Takes no more and ends when all that waits is done.</summary>
    public Task EndAsync()
    {
        _work.CompleteAdding();
        return _ended.Task;
    }

    private bool TryAdd(Action work)
    {
        try
        {
            return _work.TryAdd(work);
        }
        catch (InvalidOperationException)
        {
            // Closed between the look and the call.
            return false;
        }
    }

    private static Outcome Guarded(Func<Outcome> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The edge of the thread: whoever waits must hear of it.
            return Outcome.Failed(e.Message);
        }
    }

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }

        _ended.SetResult();
    }
}
