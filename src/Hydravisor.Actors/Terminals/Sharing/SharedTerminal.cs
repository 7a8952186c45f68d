using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals.Sharing;

/// <summary>One terminal with all who stream it, from the first until the last has left. Safe for all threads.</summary>
/// <remarks>
/// A viewer has a place in the ring of recent output and nothing of its own. One that joins, or whose place is gone, gets the last screen, asked for when somebody
/// wants one and shared by all who do.
/// </remarks>
internal sealed class SharedTerminal : ITerminalSink
{
    private readonly InstanceId _id;
    private readonly SharedParts _parts;
    private readonly OutputRing _ring;
    private readonly Lock _gate = new();
    private readonly List<TerminalViewer> _viewers = [];
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<TapEnd>? _tapEnded;
    private ITerminalTap? _tap;
    private SizeOwnership _sizes = SizeOwnership.Nobodys;
    private byte[] _screen = [];
    private long _screens;
    private long _screenPlace;
    private bool _screenAsked;
    private string? _ended;
    private (int Cols, int Rows) _size;
    private Task _ensuring = Task.CompletedTask;

    /// <summary>Makes it, and begins when the first joins.</summary>
    public SharedTerminal(InstanceId id, SharedParts parts)
    {
        (_id, _parts) = (id, parts);
        _ring = new OutputRing(parts.Settings.RingBytesMax);
        Completion = RunAsync();
    }

    /// <summary>Done when nobody streams it any more and its tap has ended.</summary>
    public Task Completion { get; }

    /// <summary>Whether nobody can join any more.</summary>
    public bool IsOver => _over.Task.IsCompleted;

    /// <summary>A viewer comes.</summary>
    public void Join(TerminalViewer viewer)
    {
        lock (_gate)
        {
            _viewers.Add(viewer);
            viewer.ScreenWanted = _screens + 1;
        }
    }

    /// <summary>A viewer leaves; with the last one the tap ends.</summary>
    public void Leave(TerminalViewer viewer)
    {
        lock (_gate)
        {
            if (_viewers.Remove(viewer))
            {
                Carry(_sizes.Left(viewer.Number));
                if (_viewers.Count == 0)
                {
                    _over.TrySetResult();
                }
            }
        }
    }

    /// <summary>Ends it for all.</summary>
    public void End(string reason)
    {
        List<TerminalViewer> sleeping;
        lock (_gate)
        {
            _ended ??= reason;
            _over.TrySetResult();
            sleeping = Wakened();
        }

        Wake(sleeping);
    }

    /// <summary>Why the viewer gets no more; null while it may, or has not taken all.</summary>
    public string? EndedFor(TerminalViewer viewer)
    {
        lock (_gate)
        {
            return !_viewers.Contains(viewer) ? _ended ?? "it was left" : _ended is not null && (viewer.ScreenWanted is not null || viewer.Place >= _ring.End) ? _ended : null;
        }
    }

    /// <summary>Takes what is next for a viewer.</summary>
    public bool TryTake(TerminalViewer viewer, out ReadOnlyMemory<byte> lines)
    {
        lock (_gate)
        {
            if (viewer.ScreenWanted is null && viewer.Place < _ring.First)
            {
                viewer.ScreenWanted = _screens + 1;
            }

            if (viewer.ScreenWanted is { } wanted)
            {
                // Nothing came after the last screen: it is as good as a new one.
                if (_screens >= wanted || (_screen.Length > 0 && _screenPlace == _ring.End))
                {
                    (viewer.ScreenWanted, viewer.Place, lines) = (null, _screenPlace, _screen);
                    return true;
                }

                AskScreen();
            }
            else if (_ring.From(viewer.Place) is { } next)
            {
                (viewer.Place, lines) = (_ring.End, next);
                return true;
            }

            viewer.Sleeps = _ended is null && _viewers.Contains(viewer);
            lines = default;
            return false;
        }
    }

    /// <summary>A viewer types.</summary>
    public Task<Outcome> TypeAsync(TerminalViewer viewer, ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            if (Refusal(viewer, "type") is { } refusal)
            {
                return Task.FromResult(Outcome.Failed(refusal));
            }

            Carry(_sizes.Typed(viewer.Number, _parts.Time.GetUtcNow()));
        }

        return _parts.Hypervisor.TypeAsync(_id, bytes);
    }

    /// <summary>A viewer would like a size.</summary>
    public Outcome Resize(TerminalViewer viewer, int cols, int rows)
    {
        if (cols is < 1 or > Limits.TerminalColsMax || rows is < 1 or > Limits.TerminalRowsMax)
        {
            return Outcome.Failed($"a terminal has 1 to {Limits.TerminalColsMax} cols and 1 to {Limits.TerminalRowsMax} rows");
        }

        lock (_gate)
        {
            if (Refusal(viewer, "resize") is { } refusal)
            {
                return Outcome.Failed(refusal);
            }

            Carry(_sizes.Wished(viewer.Number, (cols, rows), _parts.Time.GetUtcNow()));
            return Outcome.Done;
        }
    }

    /// <inheritdoc/>
    void ITerminalSink.Output(ReadOnlySpan<byte> bytes)
    {
        var lines = TerminalLines.Of(_id, bytes.ToArray()).ToList();
        Change(() => lines.ForEach(_ring.Add));
    }

    /// <inheritdoc/>
    void ITerminalSink.Screen(TerminalScreen screen)
    {
        var lines = TerminalLines.Of(_id, screen);
        if (screen.Cols > 0 && _size != (screen.Cols, screen.Rows))
        {
            _size = (screen.Cols, screen.Rows);
            _parts.Resized?.Invoke(_id, screen.Cols, screen.Rows);
        }

        Change(() => (_screen, _screens, _screenPlace, _screenAsked) = (lines, _screens + 1, _ring.End, false));
    }

    /// <inheritdoc/>
    void ITerminalSink.Changed() => Change(Void);

    /// <inheritdoc/>
    void ITerminalSink.ConsoleEnded() => _ensuring = Task.WhenAll(_ensuring, EnsureQuietlyAsync());

    /// <inheritdoc/>
    void ITerminalSink.Locals(DateTimeOffset? lastActive)
    {
        lock (_gate)
        {
            Carry(_sizes.Locals(lastActive));
        }
    }

    /// <inheritdoc/>
    void ITerminalSink.Ended(TapEnd end, string reason) => _tapEnded?.TrySetResult(end);

    private string? Refusal(TerminalViewer viewer, string what) => viewer.Role != TerminalRole.Operator ? $"an auditor reads only and cannot {what}"
        : _ended is not null || !_viewers.Contains(viewer) ? $"the terminal is no longer streamed: {_ended ?? "it was left"}"
        : null;

    private void Change(Action change)
    {
        List<TerminalViewer> sleeping;
        lock (_gate)
        {
            change();
            sleeping = Wakened();
        }

        Wake(sleeping);
    }

    // What was shown is void: all want a screen that was asked for from now on.
    private void Void()
    {
        _ring.Clear();
        _screen = [];
        var next = _screens + (_screenAsked ? 2 : 1);
        _viewers.ForEach(viewer => viewer.ScreenWanted = next);
    }

    private void AskScreen()
    {
        if (!_screenAsked && _tap is not null)
        {
            _screenAsked = true;
            _tap.AskScreen();
        }
    }

    private List<TerminalViewer> Wakened()
    {
        var sleeping = _viewers.FindAll(viewer => viewer.Sleeps);
        sleeping.ForEach(viewer => viewer.Sleeps = false);
        return sleeping;
    }

    private static void Wake(List<TerminalViewer> viewers) => viewers.ForEach(viewer => viewer.Wake());

    private void Carry((SizeOwnership Next, SizeAction Action) decision)
    {
        _sizes = decision.Next;
        if (decision.Action == SizeAction.Resize && _sizes.Size is { } size)
        {
            _tap?.Resize(size.Cols, size.Rows);
        }
        else if (decision.Action == SizeAction.Release)
        {
            _tap?.ReleaseSize();
        }
    }

    private async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var looking = _parts.Time.CreateTimer(_ => LookAtLocals(), null, _parts.Settings.LocalsPoll, _parts.Settings.LocalsPoll);
        while (!IsOver)
        {
            var ended = new TaskCompletionSource<TapEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
            _tapEnded = ended;
            var ensured = await _parts.Ensure(_id).ConfigureAwait(false);
            var tapped = ensured.IsDone ? await _parts.Terminals.TapAsync(_id, this).ConfigureAwait(false) : new Outcome<ITerminalTap>(ensured, null);
            if (tapped.Value is { } tap)
            {
                await FollowAsync(tap, ended.Task).ConfigureAwait(false);
            }
            else if (tapped.Result.Kind == OutcomeKind.Failed)
            {
                End(tapped.Result.Reason);
            }
            else
            {
                await Task.WhenAny(_over.Task, Task.Delay(_parts.Settings.RetryPause, _parts.Time)).ConfigureAwait(false);
            }
        }

        await _ensuring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task FollowAsync(ITerminalTap tap, Task<TapEnd> ended)
    {
        Change(() =>
        {
            (_tap, _screenAsked) = (tap, false);
            Void();
            Carry(_sizes.Renewed());
        });
        await Task.WhenAny(ended, _over.Task).ConfigureAwait(false);
        Change(() =>
        {
            if (IsOver && _sizes.Size is not null)
            {
                tap.ReleaseSize();
            }

            (_tap, _screenAsked) = (null, false);
        });
        await tap.DisposeAsync().ConfigureAwait(false);
        if (ended.IsCompleted && await ended.ConfigureAwait(false) == TapEnd.Closed)
        {
            End("the terminal session was closed");
        }
    }

    // After a pause: most consoles end since their domain does, which is known a moment later. An ensure that fails is tried again when the VM
    // boots: its owner does.
    private async Task EnsureQuietlyAsync()
    {
        await Task.WhenAny(_over.Task, Task.Delay(_parts.Settings.RetryPause, _parts.Time)).ConfigureAwait(false);
        if (!IsOver)
        {
            await _parts.Ensure(_id).ConfigureAwait(false);
        }
    }

    private void LookAtLocals()
    {
        lock (_gate)
        {
            if (_sizes.Owner is not null)
            {
                _tap?.AskLocals();
            }
        }
    }
}
