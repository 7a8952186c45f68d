using System.Text.Json;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Files;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Tests.Feeds;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Recordings;

/// <summary>A VM whose console is a file, and its recording.</summary>
internal sealed class RecordedVm : IDisposable
{
    public static readonly InstanceId Id = InstanceId.Parse("vm-0123456789ab");

    private readonly TemporaryDirectory _directory = new();

    public RecordedVm()
    {
        Console = new TurnedFile(Path.Combine(_directory.Path, "console.log"));
        Typed = new TurnedFile(Path.Combine(_directory.Path, "typed.log"));
    }

    public TurnedFile Console { get; }

    public TurnedFile Typed { get; }

    public FaultyDisk Disk { get; } = new();

    public SetTime Time { get; } = new();

    public RecordingSettings Settings { get; set; } = RecordingSettings.Default with { DiskFreeMinBytes = 0, FlushInterval = TimeSpan.FromDays(1) };

    public bool TypedLogHoldsInput { get; init; }

    public string Recordings => Path.Combine(_directory.Path, "recordings");

    public string Folder => Path.Combine(Recordings, Id.Value);

    public RecordingStart Start => new("a-node", "box", 80, 24, Console.Path, Typed.Path, TypedLogHoldsInput);

    public IReadOnlyList<string> Files => [.. RecordingFolder.Parts(Folder).Select(part => part.Path)];

    public IReadOnlyList<ArchivedPart> Parts => new RecordingArchive(Recordings).Find(Id.Value).Single().Parts;

    /// <summary>Code and data of all events, as an export has them.</summary>
    public IReadOnlyList<(double At, string Code, string Data)> Events => [.. RecordingReader.Export(Parts, withInput: true).Skip(1).Select(line =>
    {
        using var json = JsonDocument.Parse(line);
        return (json.RootElement[0].GetDouble(), json.RootElement[1].GetString()!, json.RootElement[2].GetString()!);
    })];

    public string Output => string.Concat(Events.Where(each => each.Code == "o").Select(each => each.Data));

    public IEnumerable<string> Markers => Events.Where(each => each.Code == "m").Select(each => each.Data);

    /// <summary>The recording as one thread sees it: the process begins with it and is killed with its end.</summary>
    public VmRecording Open(DateTimeOffset? lastSeen = null)
    {
        var recording = new VmRecording(Id, Start, Folder, Settings, Disk, Time, lastSeen);
        recording.Open();
        return recording;
    }

    public NodeRecordings Node(Action<string>? report = null) => new(Recordings, Settings, Time, Disk, report);

    public void Dispose() => _directory.Dispose();
}

/// <summary>A clock that goes on when it is told, and whose timers do not run, but for those that are due at once.</summary>
internal sealed class SetTime : TimeProvider
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private TimeSpan _gone;

    /// <summary>How far the clock on the wall is off.</summary>
    public TimeSpan WallOff { get; set; }

    /// <summary>Whether timers that are due at once run at once, and not later.</summary>
    public bool RunsAtOnce { get; set; } = true;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _gone.Ticks;

    public override DateTimeOffset GetUtcNow() => Begin + _gone + WallOff;

    public void Advance(TimeSpan by) => _gone += by;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (RunsAtOnce && dueTime == TimeSpan.Zero)
        {
            callback(state);
        }

        return new Standing();
    }

    private sealed class Standing : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>A disk that is full when it is told so: it then takes as many bytes of a write as there is room for.</summary>
internal sealed class FaultyDisk : IRecordingDisk
{
    private readonly RecordingDisk _real = new();

    /// <summary>Bytes that it still takes; null: any number.</summary>
    public long? Room { get; set; }

    public void Write(Microsoft.Win32.SafeHandles.SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset, bool durable)
    {
        if (Room is { } room && room < bytes.Length)
        {
            _real.Write(file, bytes[..(int)room], offset, durable);
            Room = 0;
            throw new IOException("No space left on device");
        }

        Room -= bytes.Length;
        _real.Write(file, bytes, offset, durable);
    }

    public bool TryRelease(string path, TailPlace place) => _real.TryRelease(path, place);

    public long FreeBytes(string directory) => Room ?? _real.FreeBytes(directory);
}

/// <summary>What every disk does.</summary>
public abstract class RecordingDiskContract : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    internal abstract IRecordingDisk Disk { get; }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_is_written_at_an_offset_stands_there()
    {
        using var file = File.OpenHandle(Path.Combine(_directory.Path, "file"), FileMode.CreateNew, FileAccess.ReadWrite);
        Disk.Write(file, "abc"u8, 0, durable: true);
        Disk.Write(file, "de"u8, 3, durable: false);

        var read = new byte[8];
        Assert.Equal("abcde"u8, read.AsSpan(0, RandomAccess.Read(file, read, 0)));
    }

    [Fact]
    public void What_is_given_back_of_a_file_takes_no_room_and_the_rest_stands_where_it_stood()
    {
        var path = Path.Combine(_directory.Path, "grows");
        File.WriteAllBytes(path, [.. Enumerable.Range(0, 100_000).Select(at => (byte)(at % 251 + 1))]);
        using var file = File.OpenHandle(path, share: FileShare.ReadWrite);
        var (identity, length) = FileIdentity.Of(file);
        Assert.False(Disk.TryRelease(path, new TailPlace(identity.Inode + 1, identity.Born, 50_000, 0)));
        Assert.False(Disk.TryRelease(path + ".gone", new TailPlace(identity.Inode, identity.Born, 50_000, 0)));
        Assert.Equal(0, FileSpace.FirstData(file));
        Assert.True(Disk.TryRelease(path, new TailPlace(identity.Inode, identity.Born, 50_000, 0)));
        Assert.Equal((100_000, 49_152), (length, FileSpace.FirstData(file)));
        var rest = new byte[50_064];
        Assert.Equal(rest.Length, RandomAccess.Read(file, rest, 50_000 - 64));
        Assert.Equal(Enumerable.Range(50_000 - 64, rest.Length).Select(at => (byte)(at % 251 + 1)), rest);
    }

    [Fact]
    public void It_knows_how_much_room_there_is() => Assert.True(Disk.FreeBytes(_directory.Path) > 0);
}

public sealed class RealDiskTests : RecordingDiskContract
{
    internal override IRecordingDisk Disk { get; } = new RecordingDisk();
}

public sealed class FaultyDiskTests : RecordingDiskContract
{
    internal override IRecordingDisk Disk { get; } = new FaultyDisk();
}
