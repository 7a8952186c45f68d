namespace Hydravisor.Actors.Gateway.Tls;

/// <summary>The node's TLS files as a running node knows them: changed as soon as they are. Safe for all threads.</summary>
/// <remarks>
/// The watcher of the file system is only a doorbell, which may stay silent: what changed is found by reading, also now and then
/// without it. Files that cannot be used change nothing: what was there before stays in force, and connections go on with what they began with.
/// </remarks>
internal sealed class TlsWatch : IDisposable
{
    /// <summary>How often it looks without being told to.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly TlsSettings _settings;
    private readonly TimeProvider _time;
    private readonly Action<string> _tell;
    private readonly Action<string> _warn;
    private readonly Lock _gate = new();
    private readonly List<FileSystemWatcher> _watchers = [];
    private ITimer? _timer;
    private TlsFiles _files;
    private volatile TlsIdentity _identity;
    private volatile string? _trouble;
    private bool _ended;

    /// <summary>Reads the files; what changes is noticed after <see cref="Start"/>.</summary>
    /// <param name="settings">Where they are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tell">Told what is in force. Called under a lock: it must not wait.</param>
    /// <param name="warn">Told once why a change cannot be used. As above.</param>
    /// <exception cref="TlsException">They cannot be used: there is nothing before them that could stay in force.</exception>
    public TlsWatch(TlsSettings settings, TimeProvider time, Action<string> tell, Action<string> warn)
    {
        (_settings, _time, _tell, _warn) = (settings, time, tell, warn);
        _files = TlsFiles.Read(settings);
        _identity = _files.Parse(settings);

        // The node starts nevertheless: its VMs need it, and its clock may be what is wrong.
        tell($"TLS with the certificate of {_identity}");
        if (_identity.Outdated(time.GetUtcNow()) is { } outdated)
        {
            warn($"{settings.Certificate}: {outdated}. Clients will refuse it");
        }
    }

    /// <summary>How to speak.</summary>
    public TlsSettings Settings => _settings;

    /// <summary>What is in force.</summary>
    public TlsIdentity Identity => _identity;

    /// <summary>Why the files as they are now are not in force; null: they are.</summary>
    public string? Trouble => _trouble;

    /// <summary>Begins to notice changes, also those since the files were read.</summary>
    public void Start()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            string[] files = [_settings.Certificate, _settings.Key, .. _settings.ClientCa.Length == 0 ? (string[])[] : [_settings.ClientCa]];
            foreach (var group in files.Select(Path.GetFullPath).GroupBy(file => Path.GetDirectoryName(file)!))
            {
                Watch(group.Key, group.Select(file => Path.GetFileName(file)));
            }

            _timer = _time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
        }

        Look();
    }

    /// <summary>Reads the files now, as a person asks for it (SIGHUP). What changed is in force when this returns.</summary>
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
                var files = TlsFiles.Read(_settings);
                if (files != _files)
                {
                    var identity = files.Parse(_settings);
                    if (identity.Outdated(_time.GetUtcNow()) is { } outdated)
                    {
                        throw new TlsException($"{_settings.Certificate}: {outdated}");
                    }

                    (_identity, _files) = (identity, files);
                    _tell($"new TLS files are in force, with the certificate of {identity}. Connections that there are go on with the former ones");
                }

                _trouble = null;
            }
            catch (TlsException e)
            {
                if (_trouble != e.Message)
                {
                    _trouble = e.Message;
                    _warn($"{e.Message}. The TLS files that were read before stay in force");
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
            _watchers.ForEach(watcher => watcher.Dispose());
            _timer?.Dispose();
        }
    }

    private void Watch(string directory, IEnumerable<string> names)
    {
        try
        {
            // Names only: of a file that is written in place the timer, or a signal, tells when it may be whole.
            var watcher = new FileSystemWatcher(directory) { NotifyFilter = NotifyFilters.FileName };
            foreach (var name in names)
            {
                watcher.Filters.Add(name);
            }

            watcher.Created += (_, _) => Look();
            watcher.Renamed += (_, _) => Look();
            watcher.Error += (_, _) => Look();
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            _warn($"{directory} cannot be watched, and is looked at every {LookEvery.TotalSeconds} s only: {e.Message}");
        }
    }
}
