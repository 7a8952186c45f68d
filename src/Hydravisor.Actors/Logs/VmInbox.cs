using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Logs;

/// <summary>What is asked of a VM's log and not done yet. Safe for all threads.</summary>
internal sealed class VmInbox
{
    private readonly Lock _lock = new();
    private List<LogRequest>? _requests;
    private List<TaskCompletionSource<Outcome>>? _drains;
    private LifecycleQueue? _lines;
    private bool _isClosed;

    /// <summary>Whether the sources are to be read.</summary>
    public bool IsWatched { get; private set; }

    /// <summary>Whether the VM is gone.</summary>
    public bool IsForgotten { get; private set; }

    /// <summary>Whether files that are too old are to be looked for.</summary>
    public bool IsToRetain { get; private set; }

    /// <summary>Whether nothing can be put in any more.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_lock)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Whether all that the sources hold is to be stored, and somebody waits for it.</summary>
    public bool IsDraining
    {
        get
        {
            lock (_lock)
            {
                return _drains is not null;
            }
        }
    }

    /// <summary>Lines that wait, as they are now.</summary>
    public IReadOnlyList<LifecycleLine> Lines
    {
        get
        {
            lock (_lock)
            {
                return _lines is null ? [] : [.. _lines.Lines];
            }
        }
    }

    /// <summary>Reads the sources from now on.</summary>
    /// <returns>False: this inbox is closed, as for all others; take another one.</returns>
    public bool TryWatch() => TryPut(() => (IsWatched, IsForgotten) = (true, false));

    /// <summary>The VM is gone.</summary>
    public bool TryForget() => TryPut(() => (IsWatched, IsForgotten) = (false, true));

    /// <summary>Looks for files that are too old.</summary>
    public bool TryRetain() => TryPut(() => IsToRetain = true);

    /// <summary>Stores lines.</summary>
    public bool TryTell(IReadOnlyList<LifecycleLine> lines) => TryPut(() => (_lines ??= new LifecycleQueue()).Add(lines));

    /// <summary>Stores all that the sources hold, and then ends the watch.</summary>
    public bool TryDrain(TaskCompletionSource<Outcome> drained) => TryPut(() => (_drains ??= []).Add(drained));

    /// <summary>Asks.</summary>
    public bool TryAsk(LogRequest request) => TryPut(() => (_requests ??= []).Add(request));

    /// <summary>Takes the questions.</summary>
    public IReadOnlyList<LogRequest> TakeRequests()
    {
        lock (_lock)
        {
            IReadOnlyList<LogRequest> taken = _requests ?? [];
            _requests = null;
            return taken;
        }
    }

    /// <summary>Lines up to a number are stored.</summary>
    public void Stored(long number)
    {
        lock (_lock)
        {
            _lines?.RemoveUpTo(number);
            _lines = _lines?.Lines.Count > 0 ? _lines : null;
        }
    }

    /// <summary>What was too old is gone.</summary>
    public void Retained() => TryPut(() => IsToRetain = false);

    /// <summary>Answers those who wait for the sources.</summary>
    /// <param name="outcome">How it went; once it is done, the sources are not read any more.</param>
    public void Drained(Outcome outcome)
    {
        List<TaskCompletionSource<Outcome>>? drains;
        lock (_lock)
        {
            (drains, _drains) = (_drains, null);
            IsWatched &= !(outcome.IsDone && drains is not null);
        }

        drains?.ForEach(drain => drain.TrySetResult(outcome));
    }

    /// <summary>Closes it where nothing waits and nothing is watched.</summary>
    public bool TryClose()
    {
        lock (_lock)
        {
            return _isClosed = _requests is null && _drains is null && _lines is null && !IsWatched && !IsToRetain;
        }
    }

    /// <summary>Closes it whatever there is; who waits is told why.</summary>
    public void Close(string reason)
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        Drained(Outcome.Unavailable(reason));
        foreach (var request in TakeRequests())
        {
            request.Fail(reason);
        }
    }

    private bool TryPut(Action put)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                put();
            }

            return !_isClosed;
        }
    }
}
