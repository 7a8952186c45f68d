using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Logs.Sources;

/// <summary>Watches the files into which a running domain writes, and keeps its log port moving. Not thread-safe.</summary>
/// <param name="events">Tells of changes.</param>
/// <param name="listener">Is told.</param>
/// <param name="settings">The limits.</param>
internal sealed class VmSources(FileEvents events, IFileListener listener, LogsSettings settings)
{
    private static readonly TimeSpan PollFirst = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConnectMax = TimeSpan.FromSeconds(5);

    private readonly int[] _watches = [-1, -1, -1, -1];
    private PortDrain? _drain;
    private TimeSpan _poll = PollFirst;
    private TimeSpan _connect = PollFirst;

    /// <summary>Sets the watches on what bears the names now.</summary>
    /// <returns>When to look again because a watch could not be had; null: changes will be told.</returns>
    public TimeSpan? Watch(GuestLogs logs)
    {
        // First the directories: a file that comes between is told.
        var all = Set(0, Path.GetDirectoryName(logs.Console)!, isDirectory: true);
        all &= Set(1, Path.GetDirectoryName(logs.Port)!, isDirectory: true);
        all &= Set(2, logs.Console, isDirectory: false) || !File.Exists(logs.Console);
        all &= Set(3, logs.Port, isDirectory: false) || !File.Exists(logs.Port);
        _connect = PollFirst;
        if (all)
        {
            _poll = PollFirst;
            return null;
        }

        var again = _poll;
        _poll = Later(_poll, PollMax);
        return again;
    }

    /// <summary>Counts bytes of the log port's file that were stored.</summary>
    public void Stored(int bytes) => _drain?.Stored(bytes);

    /// <summary>Reads the log port's socket as far as what was stored allows.</summary>
    /// <param name="logs">The sources.</param>
    /// <param name="turn">How this turn went.</param>
    /// <param name="scratch">Where the bytes go.</param>
    /// <returns>Whether there is more at once, and when to try again because nobody listens there.</returns>
    public (bool More, TimeSpan? Again) Pump(GuestLogs logs, WrittenTurn turn, byte[] scratch)
    {
        if (turn.PortLost)
        {
            _drain?.Reset();
        }

        if (_drain is null && logs.PortSocket is { } socket && !turn.More && (_drain = PortDrain.TryConnect(socket, () => listener.OnChanged(names: false))) is null)
        {
            // A socket that comes is told by the directory.
            return (false, File.Exists(socket) ? Reconnect() : null);
        }

        var more = false;
        if (_drain?.Pump(scratch, Math.Max(settings.PortWindowBytes, 2 * settings.LineBytesMax), out more) != false)
        {
            return (more, null);
        }

        Disconnect();
        return (false, Reconnect());
    }

    /// <summary>Ends all watches and leaves the port.</summary>
    public void Close()
    {
        for (var place = 0; place < _watches.Length; place++)
        {
            Replace(place, -1);
        }

        Disconnect();
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

    private void Disconnect()
    {
        _drain?.Dispose();
        _drain = null;
    }

    private TimeSpan Reconnect()
    {
        var again = _connect;
        _connect = Later(_connect, ConnectMax);
        return again;
    }

    private static TimeSpan Later(TimeSpan delay, TimeSpan max) => delay * 2 < max ? delay * 2 : max;
}
