using System.Collections.Concurrent;

namespace Hydravisor.Actors.Logs;

/// <summary>A few named threads for what blocks on files. Safe for all threads.</summary>
/// <remarks>The queue has no bound of its own: each VM stands in it once at most.</remarks>
internal sealed class LogThreads : IAsyncDisposable
{
    private readonly BlockingCollection<ILogWork> _queue = [];
    private readonly TaskCompletionSource[] _ended;

    /// <summary>Starts the threads.</summary>
    public LogThreads(LogsSettings settings)
    {
        _ended = [.. Enumerable.Range(0, settings.Threads).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        for (var number = 0; number < _ended.Length; number++)
        {
            var ended = _ended[number];
            new Thread(() => Run(settings, ended)) { Name = $"logs {number + 1}", IsBackground = true }.Start();
        }
    }

    /// <summary>Whether they end, or have ended.</summary>
    public bool IsClosed => _queue.IsAddingCompleted;

    /// <summary>Has work done, after all that waits.</summary>
    /// <returns>False: the threads have ended.</returns>
    public bool TryAdd(ILogWork work)
    {
        try
        {
            return !_queue.IsAddingCompleted && _queue.TryAdd(work);
        }
        catch (InvalidOperationException)
        {
            return false; // it ended just now
        }
    }

    /// <summary>Ends the threads after the turns that they are in; what waits is not done.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.CompleteAdding();
        await Task.WhenAll(_ended.Select(ended => ended.Task)).ConfigureAwait(false);
    }

    private void Run(LogsSettings settings, TaskCompletionSource ended)
    {
        using var scratch = new LogScratch(settings);
        foreach (var work in _queue.GetConsumingEnumerable())
        {
            if (!_queue.IsAddingCompleted)
            {
                work.Run(scratch);
            }
        }

        ended.SetResult();
    }
}
