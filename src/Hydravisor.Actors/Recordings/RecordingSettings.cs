namespace Hydravisor.Actors.Recordings;

/// <summary>How much is recorded and for how long it is kept. Immutable.</summary>
/// <param name="FileBytesMax">A part of a recording is full at this size; it may be exceeded by one batch.</param>
/// <param name="BytesMaxPerVm">All parts of one VM; the oldest are removed beyond it. The part that is being written is never removed.</param>
/// <param name="AgeMax">A part is removed when its last event is older.</param>
/// <param name="PartAgeMax">A part is also closed at this age, so that old parts of a quiet VM can be removed.</param>
/// <param name="DiskFreeMinBytes">With less room than this nothing new is recorded: sessions and typed input are refused. What runs is recorded on, as long as the
/// disk takes it.</param>
/// <param name="FlushInterval">What was shown is written at most this much later.</param>
/// <param name="WaitingMax">Requests that may wait for one of the threads.</param>
/// <param name="Threads">Threads on which all files are read and written.</param>
internal sealed record RecordingSettings(
    long FileBytesMax,
    long BytesMaxPerVm,
    TimeSpan AgeMax,
    TimeSpan PartAgeMax,
    long DiskFreeMinBytes,
    TimeSpan FlushInterval,
    int WaitingMax = 4096,
    int Threads = 2)
{
    private const long MiB = 1024 * 1024;

    /// <summary>64 MiB a part, 1 GiB a VM, 90 days, parts of at most a week, 256 MiB kept free, 50 ms.</summary>
    public static RecordingSettings Default { get; } =
        new(64 * MiB, 1024 * MiB, TimeSpan.FromDays(90), TimeSpan.FromDays(7), 256 * MiB, TimeSpan.FromMilliseconds(50));
}
