using System.Collections.Concurrent;
using System.Globalization;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Recordings;

/// <summary>The recordings of all VMs of a node. Safe for all threads; nothing blocks: files are worked on by threads of its own, one of them for each VM.</summary>
internal sealed class NodeRecordings : IAsyncDisposable
{
    private const int ByCharsMax = 128;
    private static readonly TimeSpan SeenInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RoomInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TrimInterval = TimeSpan.FromHours(1);

    private readonly string _directory;
    private readonly RecordingArchive _archive;
    private readonly RecordingSettings _settings;
    private readonly TimeProvider _time;
    private readonly IRecordingDisk _disk;
    private readonly Action<string> _report;
    private readonly DateTimeOffset? _lastSeen;
    private readonly RecordingThread[] _threads;
    private readonly Dictionary<InstanceId, VmRecording>[] _recordings;
    private readonly ConcurrentDictionary<InstanceId, string> _faults = new();
    private readonly ITimer[] _timers;
    private string? _noRoom;
    private int _disposed;

    /// <summary>Starts the threads; records nothing yet.</summary>
    /// <param name="directory">Where the recordings are; made where it is missing.</param>
    /// <param name="settings">Limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="disk">The disk; null: the real one.</param>
    /// <param name="report">Told in a sentence what an operator should know; called on any of the threads.</param>
    public NodeRecordings(string directory, RecordingSettings settings, TimeProvider time, IRecordingDisk? disk = null, Action<string>? report = null)
    {
        (_directory, _settings, _time, _disk, _report) = (directory, settings, time, disk ?? new RecordingDisk(), report ?? (_ => { }));
        _archive = new RecordingArchive(directory);
        _lastSeen = File.Exists(SeenFile) ? File.GetLastWriteTimeUtc(SeenFile) : null;
        _threads = [.. Enumerable.Range(1, settings.Threads).Select(number => new RecordingThread(number, settings.WaitingMax))];
        _recordings = [.. _threads.Select(_ => new Dictionary<InstanceId, VmRecording>())];
        // The room is asked of the directory, which this makes.
        Seen();
        LookForRoom();
        _timers =
        [
            .. Enumerable.Range(0, _threads.Length).Select(at => time.CreateTimer(_ => _threads[at].Tick(() => Poll(at)), null, settings.FlushInterval, settings.FlushInterval)),
            time.CreateTimer(_ => _threads[0].Do(Seen), null, SeenInterval, SeenInterval),
            time.CreateTimer(_ => _threads[0].Do(LookForRoom), null, RoomInterval, RoomInterval),
            time.CreateTimer(_ => Trim(), null, TimeSpan.Zero, TrimInterval),
        ];
    }

    /// <summary>Why no new recorded session may begin; null: it may. As of the last second.</summary>
    public string? Refusal => Volatile.Read(ref _noRoom) ?? _faults.Values.FirstOrDefault();

    /// <summary>Begins a VM's recording or goes on with it, also after a restart of the node. Harmless when it is begun. Where it cannot be written now it is tried
    /// again until <see cref="EndAsync"/>; the outcome says so.</summary>
    public Task<Outcome> BeginAsync(InstanceId id, RecordingStart start) => On(id, all =>
    {
        if (!all.TryGetValue(id, out var recording))
        {
            recording = new VmRecording(id, start, DirectoryOf(id), _settings, _disk, _time, _lastSeen);
            all.Add(id, recording);
        }

        return Told(recording, recording.Open());
    });

    /// <summary>Records what is about to be typed into the guest. Type it only when this is done: it then outlives a loss of power.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="by">Who types: an agent's fingerprint, or <c>anonymous</c>; at most 128 characters are kept.</param>
    /// <param name="bytes">What.</param>
    public Task<Outcome> InputAsync(InstanceId id, string by, ReadOnlyMemory<byte> bytes) =>
        Of(id, recording => recording.Input(by.Length <= ByCharsMax ? by : by[..ByCharsMax], bytes.Span));

    /// <summary>Records the size of the terminal.</summary>
    public Task<Outcome> ResizedAsync(InstanceId id, int cols, int rows) => Of(id, recording => recording.Resize(cols, rows));

    /// <summary>Done when all that the console's file holds is recorded.</summary>
    public Task<Outcome> DrainAsync(InstanceId id) => Of(id, recording => recording.Drain());

    /// <summary>Records what is left and ends. The files stay until their age is over. Harmless when nothing is recorded.</summary>
    public Task<Outcome> EndAsync(InstanceId id) => On(id, all =>
    {
        if (!all.Remove(id, out var recording))
        {
            return Outcome.Done;
        }

        _faults.TryRemove(id, out _);
        using (recording)
        {
            return recording.End();
        }
    });

    /// <summary>Reads a piece of a VM's recording, also of a VM that is gone. On a thread of its own: who reads holds up nothing that is recorded.</summary>
    /// <returns>Failed: there is no recording of it, or no such part. Unavailable: it cannot be read now.</returns>
    public Task<Outcome<RecordingPage>> ReadAsync(InstanceId id, RecordingQuest quest) => Task.Run(() =>
    {
        try
        {
            return _archive.Find(id) is { } recording
                ? RecordingReader.Page(recording, quest)
                : Outcome<RecordingPage>.Failed($"there is no recording of {id} here: a VM is recorded that is made with meta.record_session, as long as hydravisor.recordings.age-max");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome<RecordingPage>.Unavailable($"the recording of {id} cannot be read: {e.Message}");
        }
    });

    /// <summary>Records what is there, and closes all files. What comes later is found at the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        foreach (var timer in _timers)
        {
            await timer.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(Enumerable.Range(0, _threads.Length).Select(at => _threads[at].Do(() => Close(at)))).ConfigureAwait(false);
        await Task.WhenAll(_threads.Select(thread => thread.EndAsync())).ConfigureAwait(false);
    }

    /// <summary>For a person: there is too little room.</summary>
    internal static string NoRoom(long free, RecordingSettings settings) => string.Create(
        CultureInfo.InvariantCulture,
        $"there is no room to record terminals: {free} bytes are free, and {settings.DiskFreeMinBytes} must be");

    private string SeenFile => Path.Combine(_directory, "seen");

    private string DirectoryOf(InstanceId id) => Path.Combine(_directory, id.Value);

    private int ThreadOf(InstanceId id) => (int)((uint)StringComparer.Ordinal.GetHashCode(id.Value) % (uint)_threads.Length);

    private Task<Outcome> On(InstanceId id, Func<Dictionary<InstanceId, VmRecording>, Outcome> work)
    {
        var at = ThreadOf(id);
        return _threads[at].Do(() => work(_recordings[at]));
    }

    private Task<Outcome> Of(InstanceId id, Func<VmRecording, Outcome> work) => On(id, all =>
        all.TryGetValue(id, out var recording) ? Told(recording, work(recording)) : Outcome.Failed($"{id} is not recorded"));

    // Keeps what is wrong where everybody sees it, and tells an operator once.
    private Outcome Told(VmRecording recording, Outcome outcome)
    {
        if (recording.Fault is { } fault)
        {
            if (_faults.TryAdd(recording.Id, fault))
            {
                _report($"{fault}; it is tried again, and nothing is typed into a recorded terminal meanwhile.");
            }
        }
        else if (_faults.TryRemove(recording.Id, out _))
        {
            _report($"The terminal of {recording.Id} is recorded again.");
        }

        return outcome;
    }

    private void Poll(int at)
    {
        foreach (var recording in _recordings[at].Values)
        {
            recording.Poll();
            Told(recording, Outcome.Done);
        }
    }

    private Outcome Close(int at)
    {
        foreach (var recording in _recordings[at].Values)
        {
            recording.Drain();
            recording.Dispose();
        }

        _recordings[at].Clear();
        return at == 0 ? Seen() : Outcome.Done;
    }

    // The next start says since when the node was down: the time of this file needs no room on a full disk.
    private Outcome Seen()
    {
        try
        {
            Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (!File.Exists(SeenFile))
            {
                File.WriteAllBytes(SeenFile, []);
            }

            File.SetLastWriteTimeUtc(SeenFile, _time.GetUtcNow().UtcDateTime);
            return Outcome.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Unavailable(e.Message);
        }
    }

    private Outcome LookForRoom()
    {
        string? reason;
        try
        {
            var free = _disk.FreeBytes(_directory);
            reason = free < _settings.DiskFreeMinBytes ? NoRoom(free, _settings) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            reason = $"the room for recordings cannot be known: {e.Message}";
        }

        var before = Interlocked.Exchange(ref _noRoom, reason);
        if (reason is null != before is null)
        {
            _report(reason is null ? "There is room again to record terminals." : $"{reason}; sessions that are recorded are refused meanwhile.");
        }

        return Outcome.Done;
    }

    private void Trim()
    {
        for (var thread = 0; thread < _threads.Length; thread++)
        {
            var at = thread;
            _ = _threads[at].Do(() => Trim(at));
        }
    }

    private Outcome Trim(int at)
    {
        try
        {
            foreach (var directory in Directory.Exists(_directory) ? Directory.EnumerateDirectories(_directory) : [])
            {
                if (InstanceId.TryParse(Path.GetFileName(directory), out var id) && ThreadOf(id) == at)
                {
                    RecordingFolder.Trim(directory, _settings, _time.GetUtcNow(), _recordings[at].ContainsKey(id));
                }
            }

            return Outcome.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _report($"Old recordings cannot be removed: {e.Message}");
            return Outcome.Unavailable(e.Message);
        }
    }
}
