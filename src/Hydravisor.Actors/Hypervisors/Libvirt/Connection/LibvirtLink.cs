using Hydravisor.Actors.Hypervisors.Libvirt.Calls;
using Hydravisor.Libvirt;
using Polly;
using Polly.Retry;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Connection;

/// <summary>Keeps the connections to the daemon: opens them, notices when they are lost, opens them again. Safe for all threads.</summary>
internal sealed class LibvirtLink : IAsyncDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly Func<LibvirtSession> _open;
    private readonly LibvirtSettings _settings;
    private readonly LibvirtNews _news;
    private readonly TimeProvider _time;
    private readonly CallLane _opener;
    private readonly CallLane _closer;
    private readonly ResiliencePipeline<Outcome<LibvirtSession>> _untilOpen;
    private readonly CancellationTokenSource _end = new();
    private volatile LibvirtSession? _session;
    private volatile string? _trouble = "libvirt was not reached yet";
    private Task _keeping = Task.CompletedTask;
    private bool _toldOfLoss;
    private int _closed;

    /// <summary>Opens nothing before <see cref="Begin"/>.</summary>
    /// <param name="open">Opens the connections with their events registered. Blocks, and throws where it cannot.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="news">Where to tell of reaching and losing the daemon.</param>
    /// <param name="time">The clock.</param>
    public LibvirtLink(Func<LibvirtSession> open, LibvirtSettings settings, LibvirtNews news, TimeProvider time)
    {
        (_open, _settings, _news, _time) = (open, settings, news, time);
        _opener = new CallLane("opener", threads: 2, queueMax: 2, settings.ReadLimit, time);
        _closer = new CallLane("closer", threads: 2, queueMax: 64, settings.ReadLimit, time);
        _untilOpen = new ResiliencePipelineBuilder<Outcome<LibvirtSession>> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<Outcome<LibvirtSession>>
            {
                ShouldHandle = static attempt => ValueTask.FromResult(attempt.Outcome.Exception is null && !attempt.Outcome.Result.IsDone),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = settings.ReconnectMin,
                MaxDelay = settings.ReconnectMax,
                OnRetry = attempt =>
                {
                    BeInTrouble(attempt.Outcome.Result.Result.Reason);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>Why the daemon cannot be reached; null when it can.</summary>
    public string? Trouble => _trouble ?? _session?.LostBecause;

    /// <summary>The connections of now; null while there are none.</summary>
    public LibvirtSession? Session => Trouble is null ? _session : null;

    /// <summary>Begins to connect.</summary>
    public void Begin() => _keeping = KeepAsync(_end.Token);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 1)
        {
            return;
        }

        await _end.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _trouble = "the hypervisor was closed";
        await CloseAsync(_session).ConfigureAwait(false);
        _session = null;
        _opener.Dispose();
        _closer.Dispose();
        _end.Dispose();
    }

    private async Task KeepAsync(CancellationToken ending)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (!ending.IsCancellationRequested)
        {
            var opened = await _untilOpen.ExecuteAsync(OpenAsync, ending).ConfigureAwait(false);
            var session = opened.Value!;
            _session = session;
            _trouble = null;
            _toldOfLoss = false;
            _news.Tell(new HypervisorNews.Connected());
            await LossAsync(session, ending).ConfigureAwait(false);
            if (!ending.IsCancellationRequested)
            {
                BeInTrouble(await session.Lost.ConfigureAwait(false));
                _ = CloseAsync(session);
            }
        }
    }

    private async ValueTask<Outcome<LibvirtSession>> OpenAsync(CancellationToken ending)
    {
        var opening = _opener.Call(TryOpen, late: static opened => opened.Value?.Dispose()).Answer;
        try
        {
            return await opening.WaitAsync(ending).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = CloseLateAsync(opening);
            throw;
        }
    }

    private async Task CloseLateAsync(Task<Outcome<LibvirtSession>> opening) =>
        await CloseAsync((await opening.ConfigureAwait(false)).Value).ConfigureAwait(false);

    private Outcome<LibvirtSession> TryOpen()
    {
        try
        {
            return Outcome<LibvirtSession>.Done(_open());
        }
        catch (LibvirtException e)
        {
            return Outcome<LibvirtSession>.Unavailable($"libvirt cannot be reached at {_settings.Uri}: {e.LibvirtMessage}");
        }
        catch (DllNotFoundException e)
        {
            return Outcome<LibvirtSession>.Unavailable(e.Message);
        }
    }

    // The close callback tells of most losses; now and then it is asked too.
    private async Task LossAsync(LibvirtSession session, CancellationToken ending)
    {
        while (!session.Lost.IsCompleted && !ending.IsCancellationRequested)
        {
            using var waited = CancellationTokenSource.CreateLinkedTokenSource(ending);
            var pause = Task.Delay(_settings.AliveCheck, _time, waited.Token);
            await Task.WhenAny(session.Lost, pause).ConfigureAwait(false);
            await waited.CancelAsync().ConfigureAwait(false);
            if (!session.IsAlive)
            {
                session.Lose("libvirt does not answer any more");
            }
        }
    }

    private void BeInTrouble(string reason)
    {
        _trouble = reason;
        if (!_toldOfLoss)
        {
            _toldOfLoss = true;
            _news.Tell(new HypervisorNews.Lost(reason));
        }
    }

    private async Task CloseAsync(LibvirtSession? session)
    {
        if (session is null)
        {
            return;
        }

        var closing = _closer.Call(() =>
        {
            session.Dispose();
            return Outcome<bool>.Done(true);
        });
        await Task.WhenAny(closing.Answer, Task.Delay(EndLimit, _time)).ConfigureAwait(false);
    }
}
