using System.Security.Cryptography;

namespace Hydravisor.Actors.Access.Agents;

/// <summary>The agents as a running node knows them: changed as soon as <c>agents.json</c> is. Safe for all threads.</summary>
/// <remarks>
/// The watcher of the file system is only a doorbell, which may stay silent: what changed is found by reading, also now and then
/// without it. A file that cannot be used changes nothing: the book before it stays in force.
/// </remarks>
internal sealed class AgentWatch : IDisposable
{
    /// <summary>How often it looks without being told to.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly AgentFile _file;
    private readonly TimeProvider _time;
    private readonly Action<string> _report;
    private readonly Lock _gate = new();
    private FileSystemWatcher? _watcher;
    private ITimer? _timer;
    private byte[] _digest;
    private volatile AgentBook _book;
    private volatile string? _trouble;
    private bool _ended;

    /// <summary>Reads the file; what changes is noticed after <see cref="Start"/>.</summary>
    /// <param name="file">The file; its directory is there.</param>
    /// <param name="time">The clock.</param>
    /// <param name="report">Told once why a changed file cannot be used, or cannot be watched. Called under a lock: it must not wait.</param>
    /// <exception cref="AgentException">The file cannot be used: there is no book before it that could stay in force.</exception>
    public AgentWatch(AgentFile file, TimeProvider time, Action<string> report)
    {
        (_file, _time, _report) = (file, time, report);
        var bytes = file.ReadBytes();
        _book = file.Parse(bytes);
        _digest = Digest(bytes);
    }

    /// <summary>Told of each change, one after another: the book before it, and the one that is in force now. Called under a lock: it must neither wait nor throw.</summary>
    public event Action<AgentBook, AgentBook>? Changed;

    /// <summary>The agents that are in force.</summary>
    public AgentBook Book => _book;

    /// <summary>Why the file as it is now is not in force; null: it is.</summary>
    public string? Trouble => _trouble;

    /// <summary>Begins to notice changes, also those since the file was read.</summary>
    public void Start()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            try
            {
                // Names only: the journal beside it is written to all the time, and the file is always replaced.
                _watcher = new FileSystemWatcher(_file.Directory, AgentFile.Name) { NotifyFilter = NotifyFilters.FileName };
                _watcher.Created += (_, _) => Look();
                _watcher.Deleted += (_, _) => Look();
                _watcher.Renamed += (_, _) => Look();
                _watcher.Error += (_, _) => Look();
                _watcher.EnableRaisingEvents = true;
            }
            catch (Exception e) when (e is IOException or ArgumentException)
            {
                _report($"{_file.Path} cannot be watched, and is looked at every {LookEvery.TotalSeconds} s only: {e.Message}");
            }

            _timer = _time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
        }

        Look();
    }

    /// <summary>Reads the file now, as a person asks for it (SIGHUP). What changed is in force when this returns.</summary>
    public void Look()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            try
            {
                var bytes = _file.ReadBytes();
                var digest = Digest(bytes);
                if (!digest.AsSpan().SequenceEqual(_digest))
                {
                    var (before, now) = (_book, _file.Parse(bytes));
                    (_book, _digest) = (now, digest);
                    Changed?.Invoke(before, now);
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
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _watcher?.Dispose();
            _timer?.Dispose();
        }
    }

    // No file is another thing than an empty one.
    private static byte[] Digest(byte[]? bytes) => bytes is null ? [] : SHA256.HashData(bytes);
}
