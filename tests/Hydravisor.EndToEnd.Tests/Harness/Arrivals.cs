namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>Things that come one after another, and who waits for which of them. Safe for all threads.</summary>
internal sealed class Arrivals<T>
    where T : notnull
{
    private readonly Lock _gate = new();
    private readonly List<T> _there = [];
    private readonly List<Waiter> _waiting = [];
    private string? _ended;

    /// <summary>What has come and was not taken.</summary>
    public IReadOnlyList<T> There
    {
        get
        {
            lock (_gate)
            {
                return [.. _there];
            }
        }
    }

    /// <summary>Something comes: it goes to who has waited longest for it.</summary>
    public void Add(T item)
    {
        lock (_gate)
        {
            if (_waiting.Find(waiter => waiter.Wanted(item)) is not { } first)
            {
                _there.Add(item);
                return;
            }

            _waiting.Remove(first);
            first.Came.SetResult(item);
        }
    }

    /// <summary>Nothing more will come; who still waits fails.</summary>
    public void End(string why)
    {
        lock (_gate)
        {
            _ended ??= why;
            foreach (var waiter in _waiting)
            {
                waiter.Came.SetException(new EndOfStreamException(_ended));
            }

            _waiting.Clear();
        }
    }

    /// <summary>Takes the first that is wanted, now or when it comes.</summary>
    /// <exception cref="EndOfStreamException">It will not come any more.</exception>
    public Task<T> TakeAsync(Func<T, bool> wanted)
    {
        lock (_gate)
        {
            for (var i = 0; i < _there.Count; i++)
            {
                if (wanted(_there[i]))
                {
                    var item = _there[i];
                    _there.RemoveAt(i);
                    return Task.FromResult(item);
                }
            }

            if (_ended is not null)
            {
                return Task.FromException<T>(new EndOfStreamException(_ended));
            }

            var waiter = new Waiter(wanted);
            _waiting.Add(waiter);
            return waiter.Came.Task;
        }
    }

    private sealed record Waiter(Func<T, bool> Wanted)
    {
        public TaskCompletionSource<T> Came { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
