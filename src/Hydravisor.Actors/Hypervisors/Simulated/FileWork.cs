namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>Lets work on files run one piece after another, so that a thousand pieces at once do not keep the threads of the pool, which
/// block in them, from the actors. Safe for all threads.</summary>
internal sealed class FileWork
{
    private readonly TaskFactory _one = new(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private int _running;
    private bool _ended;

    /// <summary>Runs a piece of work, up to its first wait, when its turn comes.</summary>
    /// <exception cref="ObjectDisposedException">It has ended: nothing of it was done.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            _running++;
        }

        try
        {
            return await _one.StartNew(work).Unwrap().ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Runs a piece of work when its turn comes.</summary>
    /// <exception cref="ObjectDisposedException">It has ended: nothing of it was done.</exception>
    public Task RunAsync(Action work) => RunAsync(() =>
    {
        work();
        return Task.FromResult(true);
    });

    /// <summary>Takes no more work, and waits until what it took is done.</summary>
    public Task EndAsync()
    {
        lock (_lock)
        {
            _ended = true;
            if (_running == 0)
            {
                _idle.TrySetResult();
            }
        }

        return _idle.Task;
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_running == 0 && _ended)
            {
                _idle.TrySetResult();
            }
        }
    }
}
