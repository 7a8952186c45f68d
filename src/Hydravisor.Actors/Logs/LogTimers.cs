using Hydravisor.Actors.Logs.Sources;

namespace Hydravisor.Actors.Logs;

/// <summary>Calls a few listeners later; one timer for all, which rests while there are none. Safe for all threads.</summary>
internal sealed class LogTimers : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly Dictionary<IFileListener, long> _due = [];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    /// <summary>Starts nothing yet.</summary>
    public LogTimers(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Call(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Has a listener called, with names, not before a delay is over; the earliest counts.</summary>
    public void Set(IFileListener listener, TimeSpan delay)
    {
        var due = _time.GetTimestamp() + (long)(delay.TotalSeconds * _time.TimestampFrequency);
        lock (_lock)
        {
            if (_due.Count == 0)
            {
                _timer.Change(Tick, Tick);
            }

            _due[listener] = _due.TryGetValue(listener, out var earlier) ? Math.Min(due, earlier) : due;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Call()
    {
        IFileListener[] due;
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            due = [.. _due.Where(entry => entry.Value <= now).Select(entry => entry.Key)];
            foreach (var listener in due)
            {
                _due.Remove(listener);
            }

            if (_due.Count == 0)
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }

        foreach (var listener in due)
        {
            listener.OnChanged(names: true);
        }
    }
}
