namespace Hydravisor.Actors.Access.Agents;

/// <summary>The agents as a running node knows them: changed as soon as their store is. Safe for all threads.</summary>
/// <remarks>
/// What changed is found by reading, again and again; that a store tells of changes is only a doorbell. A store that cannot be read, or whose content cannot be
/// used, changes nothing: the book before it stays in force.
/// </remarks>
internal sealed class AgentWatch : IAsyncDisposable
{
    private readonly IAgentStore _store;
    private readonly TimeProvider _time;
    private readonly Action<string> _report;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopped;
    private IDisposable? _bell;
    private Task _rounds = Task.CompletedTask;
    private string _stamp;
    private volatile AgentBook _book;
    private volatile string? _trouble;

    private AgentWatch(IAgentStore store, AgentReading first, TimeProvider time, Action<string> report)
    {
        (_store, _time, _report, _stopped) = (store, time, report, _stop.Token);
        (_stamp, _book) = (first.Stamp, first.Book);
    }

    /// <summary>Told of each change, one after another: the book before it, and the one that is in force now. It must neither wait nor throw.</summary>
    public event Action<AgentBook, AgentBook>? Changed;

    /// <summary>The agents that are in force.</summary>
    public AgentBook Book => _book;

    /// <summary>Why the agents as they are kept now are not in force; null: they are.</summary>
    public string? Trouble => _trouble;

    /// <summary>Reads the agents; what changes is noticed after <see cref="StartAsync"/>.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="report">Told once why what changed cannot be used, or is noticed late. It must not wait.</param>
    /// <exception cref="AgentException">They cannot be used: there is no book before them that could stay in force.</exception>
    public static async Task<AgentWatch> OpenAsync(IAgentStore store, TimeProvider time, Action<string> report) =>
        new(store, (await store.ReadSinceAsync(stamp: null).ConfigureAwait(false))!, time, report);

    /// <summary>Begins to notice changes, also those since the agents were read.</summary>
    public Task StartAsync()
    {
        ObjectDisposedException.ThrowIf(_stopped.IsCancellationRequested, this);
        try
        {
            _bell = _store.Listen(() => _ = LookAsync());
        }
        catch (AgentException e)
        {
            _report(e.Message);
        }

        _rounds = GoRoundAsync(new PeriodicTimer(_store.LookEvery, _time));
        return LookAsync();
    }

    /// <summary>Looks now, as a person asks for it (SIGHUP). What changed is in force when this has ended.</summary>
    public async Task LookAsync()
    {
        try
        {
            await _gate.WaitAsync(_stopped).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        try
        {
            if (await _store.ReadSinceAsync(_stamp, _stopped).ConfigureAwait(false) is { } reading && !_stopped.IsCancellationRequested)
            {
                var before = _book;
                (_stamp, _book) = (reading.Stamp, reading.Book);
                Changed?.Invoke(before, reading.Book);
            }

            _trouble = null;
        }
        catch (AgentException e)
        {
            if (_trouble != e.Message)
            {
                _trouble = e.Message;
                _report($"{e.Message}. The agents that were known before stay in force");
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _bell?.Dispose();
        await _rounds.ConfigureAwait(false);

        // A look that a doorbell began may be at it yet: nobody is told of anything any more when this returns.
        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _gate.Release();
        _stop.Dispose();
    }

    // One look after another: a store that is slow to answer is not asked the more for it.
    private async Task GoRoundAsync(PeriodicTimer timer)
    {
        using (timer)
        {
            try
            {
                while (await timer.WaitForNextTickAsync(_stopped).ConfigureAwait(false))
                {
                    await LookAsync().ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }
}
