using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Logs.Sources;

/// <summary>Watches the files into which a running domain writes, and keeps its log port moving. Not thread-safe.</summary>
/// <param name="events">Tells of changes.</param>
/// <param name="listener">Is told.</param>
internal sealed class VmSources(FileEvents events, IFileListener listener)
{
    private static readonly TimeSpan PollFirst = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollMax = TimeSpan.FromSeconds(1);

    private readonly int[] _watches = [-1, -1, -1, -1];
    private PortDrain? _drain;
    private TimeSpan _poll = PollFirst;

    /// <summary>Sets the watches on what bears the names now.</summary>
    /// <returns>When to look again because a watch could not be had; null: changes will be told.</returns>
    public TimeSpan? Watch(GuestLogs logs)
    {
        // First the directories: a file that comes between is told.
        var all = Set(0, Path.GetDirectoryName(logs.Console)!, isDirectory: true);
        all &= Set(1, Path.GetDirectoryName(logs.Port)!, isDirectory: true);
        all &= Set(2, logs.Console, isDirectory: false) || !File.Exists(logs.Console);
        all &= Set(3, logs.Port, isDirectory: false) || !File.Exists(logs.Port);
        if (all)
        {
            _poll = PollFirst;
            return null;
        }

        var again = _poll;
        _poll = _poll * 2 < PollMax ? _poll * 2 : PollMax;
        return again;
    }

    /// <summary>Counts bytes of the log port's file that were stored.</summary>
    public void Stored(int bytes) => _drain?.Stored(bytes);

    /// <summary>Reads away what stands in the log port's pipe, as far as it is stored.</summary>
    /// <param name="logs">The sources.</param>
    /// <param name="caughtUp">Whether all that the files held is stored.</param>
    /// <param name="scratch">Where the bytes go.</param>
    /// <returns>Whether there is more at once.</returns>
    public bool Pump(GuestLogs logs, bool caughtUp, byte[] scratch)
    {
        if (logs.PortPipe is { } pipe)
        {
            _drain ??= PortDrain.TryOpen(pipe);
        }

        return _drain?.Pump(scratch, caughtUp) == true;
    }

    /// <summary>Ends all watches and leaves the port.</summary>
    public void Close()
    {
        for (var place = 0; place < _watches.Length; place++)
        {
            Replace(place, -1);
        }

        _drain?.Dispose();
        _drain = null;
    }

    private bool Set(int place, string path, bool isDirectory)
    {
        var watch = events.Watch(path, isDirectory, listener);
        Replace(place, watch);
        return watch >= 0;
    }

    private void Replace(int place, int watch)
    {
        var old = _watches[place];
        _watches[place] = watch;
        // Two names may be one place: both files in one directory.
        if (old >= 0 && !_watches.Contains(old))
        {
            events.Unwatch(old);
        }
    }
}
