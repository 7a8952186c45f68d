using System.Globalization;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Recordings;

/// <summary>One VM's recording: reads its sources on and appends what they hold. All calls block; all are made on one thread.</summary>
/// <remarks>
/// Each append is one write that ends with the places up to which the sources were read. Whenever the process is killed, the file is cut behind the last such line and
/// reading goes on there: nothing is recorded twice, and nothing is left out that the sources still hold.
/// </remarks>
internal sealed class VmRecording(
    InstanceId id, RecordingStart start, string directory, RecordingSettings settings, IRecordingDisk disk, TimeProvider time, DateTimeOffset? lastSeen) : IDisposable
{
    private const int DrainBytesMax = 64 * 1024 * 1024;
    private const int TornBytesMax = 4096;
    private const long ReleaseBytes = 1024 * 1024;
    private static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(5);

    private readonly CastBatch _batch = new();
    private readonly Queue<string> _notes = new();
    private CastPart? _part;
    private CastCheckpoint _at = new(TailPlace.Beginning, TailPlace.Beginning, start.Cols, start.Rows, 0, 0, 0);
    private RecordingSources? _sources;
    private long _opened;
    private long _openedMicros;
    private long _lastMicros;
    private bool _wasOpen;
    private TailPlace _released = TailPlace.Beginning;
    private long _failed;
    private TimeSpan _retryAfter;

    /// <summary>The VM.</summary>
    public InstanceId Id => id;

    /// <summary>Why it could not be written or read lately; null: all is well.</summary>
    public string? Fault { get; private set; }

    /// <summary>Opens the recording, or goes on with it. Harmless when it is open.</summary>
    public Outcome Open() => Attempt(() => Commit(durable: false));

    /// <summary>Records what the sources hold, one batch of it. Does nothing for a while after a failure.</summary>
    public void Poll()
    {
        if (Fault is null || time.GetElapsedTime(_failed) >= _retryAfter)
        {
            Attempt(() => Take());
        }
    }

    /// <summary>Records all that the sources hold.</summary>
    public Outcome Drain() => Attempt(() =>
    {
        for (long bytes = 0, read; (read = Take()) > 0; bytes += read)
        {
            if (bytes > DrainBytesMax)
            {
                throw new IOException($"the guest writes faster than its recording: there was more after {DrainBytesMax} bytes");
            }
        }
    });

    /// <summary>Records what is about to be typed into the guest; when that is done a loss of power cannot undo it.</summary>
    public Outcome Input(string by, ReadOnlySpan<byte> bytes)
    {
        if (disk.FreeBytes(directory) is var free && free < settings.DiskFreeMinBytes)
        {
            return Outcome.Unavailable(NodeRecordings.NoRoom(free, settings));
        }

        var text = System.Text.Encoding.UTF8.GetString(bytes);
        var raw = bytes.ToArray();
        return Attempt(() =>
        {
            Take();
            Begin();
            _batch.Typed(by, text);
            Commit(durable: true, _at with { Inputs = _at.Inputs + 1 });
            if (start.TypedLogHoldsInput)
            {
                _sources!.Expect(raw);
            }
        });
    }

    /// <summary>Records the size of the terminal.</summary>
    public Outcome Resize(int cols, int rows) => Attempt(() =>
    {
        Begin();
        if ((cols, rows) != (_at.Cols, _at.Rows))
        {
            _batch.Size(cols, rows);
            Commit(durable: false, _at with { Cols = cols, Rows = rows });
        }
    });

    /// <summary>Records what is left, also what waited for the rest of a character.</summary>
    public Outcome End()
    {
        var drained = Drain();
        return !drained.IsDone ? drained : Attempt(() =>
        {
            Begin();
            Commit(durable: true, _sources!.Finish(_batch, _at));
        });
    }

    /// <inheritdoc/>
    public void Dispose() => Forget();

    private int Take()
    {
        Begin();
        var read = _sources!.Take(_batch, _at, out var next);
        var releases = MayRelease(next.Typed);
        Commit(releases, next);
        if (releases)
        {
            // A guest that asks its terminal question after question makes this file grow. What is recorded for good needs no room there.
            _released = next.Typed;
            disk.TryRelease(start.TypedLogPath!, next.Typed);
        }

        return read;
    }

    private bool MayRelease(TailPlace typed) =>
        typed.Offset - ((typed.Inode, typed.Born) == (_released.Inode, _released.Born) ? _released.Offset : 0) >= ReleaseBytes;

    // The edge of the thread: whatever goes wrong is an outcome and is tried again. The sources are read again from the places of the last append that succeeded.
    private Outcome Attempt(Action work)
    {
        try
        {
            OpenPart();
            work();
            (Fault, _retryAfter) = (null, TimeSpan.Zero);
            return Outcome.Done;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _part?.CutBack();
            Forget();
            Fault = $"the terminal of {id} cannot be recorded: {e.Message}";
            _failed = time.GetTimestamp();
            _retryAfter = _retryAfter == TimeSpan.Zero ? RetryMin : TimeSpan.FromTicks(Math.Min(_retryAfter.Ticks * 2, RetryMax.Ticks));
            return Outcome.Unavailable(Fault);
        }
    }

    private void Forget()
    {
        _sources?.Dispose();
        _part?.Dispose();
        (_sources, _part) = (null, null);
    }

    private void OpenPart()
    {
        if (_part is not null)
        {
            return;
        }

        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var last = 0;
        foreach (var file in RecordingFolder.Parts(directory).Reverse())
        {
            last = Math.Max(last, file.Number);
            if (CastPart.Open(disk, file.Path) is { } found)
            {
                GoOn(found.Part, found.End);
                break;
            }

            SetAside(file.Path);
        }

        if (_part is null)
        {
            (_opened, _openedMicros, _lastMicros) = (time.GetTimestamp(), 0, 0);
            var now = time.GetUtcNow();
            MakePart(new CastOrigin(id.Value, start.Node, last + 1, now, now, 0));
        }

        _wasOpen = true;
        _sources = new RecordingSources(start, _at);
    }

    // A small one was being made when the process was killed, and never counted. A large one is evidence that somebody damaged: a person may still read it.
    private static void SetAside(string path)
    {
        if (new FileInfo(path).Length <= TornBytesMax)
        {
            File.Delete(path);
        }
        else
        {
            File.Move(path, path + ".unreadable", overwrite: true);
        }
    }

    private void GoOn(CastPart part, CastEnd end)
    {
        var origin = part.Header.Hydravisor!;
        (_part, _at) = (part, end.Checkpoint);
        var last = origin.OffsetMicros + end.Micros;
        if (_wasOpen)
        {
            return;
        }

        // From here on time is counted, not read from a clock that may be set back.
        var now = time.GetUtcNow();
        (_opened, _lastMicros) = (time.GetTimestamp(), last);
        _openedMicros = Math.Max(last, (now - origin.Started).Ticks / TimeSpan.TicksPerMicrosecond);
        var written = origin.Started.AddMicroseconds(last);
        var from = lastSeen > written ? lastSeen.Value : written;
        _notes.Enqueue(string.Create(
            CultureInfo.InvariantCulture,
            $"the node was down from {from.UtcDateTime:yyyy-MM-dd HH:mm:ss'Z'} to {now.UtcDateTime:yyyy-MM-dd HH:mm:ss'Z'}; what the guest wrote meanwhile follows"));
    }

    private void MakePart(CastOrigin origin)
    {
        var header = CastHeader.Of(_at.Cols, _at.Rows, start.Title, origin);
        _batch.Clear(0);
        _batch.Header(header);
        _batch.Add(CastCode.Checkpoint, _at.ToString());
        var made = CastPart.Create(disk, RecordingFolder.PathOf(directory, origin.PartStarted, origin.Part), header, _batch.Lines);
        _part?.Dispose();
        _part = made;
        RecordingFolder.Trim(directory, settings, origin.PartStarted, isWritten: true);
    }

    private void Begin()
    {
        var micros = Math.Max(_lastMicros, _openedMicros + (time.GetElapsedTime(_opened).Ticks / TimeSpan.TicksPerMicrosecond));
        var origin = _part!.Header.Hydravisor!;
        if (_part.Length >= settings.FileBytesMax || micros - origin.OffsetMicros >= settings.PartAgeMax.Ticks / TimeSpan.TicksPerMicrosecond)
        {
            MakePart(origin with { Node = start.Node, Part = origin.Part + 1, PartStarted = origin.Started.AddMicroseconds(micros), OffsetMicros = micros });
        }

        _lastMicros = micros;
        _batch.Clear(micros - _part.Header.Hydravisor!.OffsetMicros);
        foreach (var note in _notes)
        {
            _batch.Add(CastCode.Marker, note);
        }
    }

    private void Commit(bool durable) => Commit(durable, BeginWith(_at));

    private CastCheckpoint BeginWith(CastCheckpoint at)
    {
        Begin();
        return at;
    }

    private void Commit(bool durable, CastCheckpoint next)
    {
        if (_batch.IsEmpty && next == _at)
        {
            return;
        }

        _batch.Add(CastCode.Checkpoint, next.ToString());
        _part!.Append(_batch.Lines, durable);
        _at = next;
        _notes.Clear();
    }
}
