namespace Hydravisor.Actors.Logs;

/// <summary>Limits of the logs of a node's VMs.</summary>
internal sealed record LogsSettings
{
    /// <summary>Bytes after which a VM's log goes on in a new file.</summary>
    public long SegmentBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Most bytes of one VM's log; the oldest files go first. At least twice <see cref="SegmentBytes"/>, since the newest file always stays.</summary>
    public long BytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long entries are kept, also after the VM was deleted.</summary>
    public TimeSpan AgeMax { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Longest line in bytes; a longer one becomes several entries.</summary>
    public int LineBytesMax { get; init; } = 16 * 1024;

    /// <summary>Bytes of entries after which a frame takes no more of them.</summary>
    public int FrameBytesMax { get; init; } = 64 * 1024;

    /// <summary>Most bytes of the newest entries that are kept in memory for one VM's followers.</summary>
    public int TailBytesMax { get; init; } = 1024 * 1024;

    /// <summary>A follower that was at the live end and is more bytes behind it than that continues there.</summary>
    public long BehindBytesMax { get; init; } = 8 * 1024 * 1024;

    /// <summary>Threads that read and write logs.</summary>
    public int Threads { get; init; } = 2;
}
