using System.Collections.Concurrent;
using System.Text.Json;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>The watch over a simulated hypervisor's directory: whether it can be reached, what changes, what is due.</summary>
/// <remarks>The watcher of the file system is only a doorbell: what changed is found by comparing. Safe for all threads.</remarks>
internal sealed class SimulatedWatch : IAsyncDisposable
{
    private readonly SimulatedDirectory _directory;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<InstanceId, SimulatedDomain> _known = new();
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _end = new();
    private readonly CancellationToken _ending;
    private Action<HypervisorNews>? _sink;
    private FileSystemWatcher? _domains;
    private FileSystemWatcher? _down;
    private volatile string? _trouble = "the simulated hypervisor was not reached yet";
    private Task _opening = Task.CompletedTask;
    private bool _ended;

    /// <summary>Watches nothing before <see cref="Begin"/>.</summary>
    public SimulatedWatch(SimulatedDirectory directory, TimeProvider time)
    {
        _directory = directory;
        _time = time;
        _ending = _end.Token;
    }

    /// <summary>Why the hypervisor cannot be reached; null when it can.</summary>
    public string? Trouble => _trouble;

    /// <summary>The domain as it was noticed last.</summary>
    public SimulatedDomain? Known(InstanceId id) => _known.GetValueOrDefault(id);

    /// <summary>Begins to watch.</summary>
    public void Begin(Action<HypervisorNews> sink)
    {
        _sink = sink;
        _opening = OpenAsync();
    }

    /// <summary>The connection is lost, for every process.</summary>
    public void GoDown()
    {
        File.WriteAllText(_directory.DownFile, "");
        SeeWhetherDown();
    }

    /// <summary>The connection is there again.</summary>
    public void ComeBack()
    {
        File.Delete(_directory.DownFile);
        SeeWhetherDown();
    }

    /// <summary>Compares a domain with what was known of it, and tells.</summary>
    public void Notice(InstanceId id)
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            var before = _known.GetValueOrDefault(id);
            var after = _directory.Read(id);
            if (after is null)
            {
                _known.TryRemove(id, out _);
            }
            else
            {
                _known[id] = after;
            }

            if (after?.Due is { } due && due != before?.Due)
            {
                _ = SettleLaterAsync(id, due);
            }

            if (_trouble is null)
            {
                foreach (var news in SimulatedDomains.NewsOf(before, after))
                {
                    _sink?.Invoke(news);
                }
            }
        }
    }

    /// <summary>Lets all guests do what is due by now.</summary>
    public async Task SettleAsync()
    {
        foreach (var domain in _known.Values.Where(domain => domain.Due <= _time.GetUtcNow()))
        {
            await SettleAsync(domain.Id).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            _trouble = "the simulated hypervisor was closed";
        }

        await _end.CancelAsync().ConfigureAwait(false);
        _domains?.Dispose();
        _down?.Dispose();
        _end.Dispose();
    }

    private async Task OpenAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await _directory.OpenAsync().ConfigureAwait(false);
            _domains = Watch(_directory.Domains, "*.json", (_, e) => NoticeFile(e.Name));
            _domains.Error += (_, _) => NoticeAll();
            _down = Watch(Path.GetDirectoryName(_directory.DownFile)!, Path.GetFileName(_directory.DownFile), (_, _) => SeeWhetherDown());
            NoticeAll();
            SeeWhetherDown();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or JsonException)
        {
            _trouble = $"the simulated hypervisor's directory cannot be used: {e.Message}";
        }
    }

    private static FileSystemWatcher Watch(string directory, string filter, FileSystemEventHandler handler)
    {
        var watcher = new FileSystemWatcher(directory, filter);
        watcher.Created += handler;
        watcher.Changed += handler;
        watcher.Deleted += handler;
        watcher.Renamed += (sender, e) => handler(sender, e);
        watcher.EnableRaisingEvents = true;
        return watcher;
    }

    private void NoticeFile(string? name)
    {
        if (SimulatedDirectory.IdOf(name) is { } id)
        {
            Notice(id);
        }
    }

    private void NoticeAll()
    {
        foreach (var id in _directory.ReadAll().Select(domain => domain.Id).Union(_known.Keys))
        {
            Notice(id);
        }
    }

    private void SeeWhetherDown()
    {
        lock (_gate)
        {
            var trouble = File.Exists(_directory.DownFile) ? Down : null;
            if (!_ended && trouble != _trouble)
            {
                _trouble = trouble;
                _sink?.Invoke(trouble is null ? new HypervisorNews.Connected() : new HypervisorNews.Lost(trouble));
            }
        }
    }

    // The guest does what is due when somebody looks; this is the look.
    private async Task SettleLaterAsync(InstanceId id, DateTimeOffset due)
    {
        while (due - _time.GetUtcNow() is var left && left > TimeSpan.Zero && !_ending.IsCancellationRequested)
        {
            await Task.Delay(left, _time, _ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!_ending.IsCancellationRequested)
        {
            await SettleAsync(id).ConfigureAwait(false);
        }
    }

    private async Task SettleAsync(InstanceId id)
    {
        try
        {
            await _directory.ChangeAsync(id, (domains, now) => domains.Inspect(id, now)).ConfigureAwait(false);
            Notice(id);
        }
        catch (IOException)
        {
            // The directory went away under it: there is nobody left whom it would concern.
        }
    }

    private const string Down = "the simulated hypervisor is down";
}
