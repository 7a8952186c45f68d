namespace Hydravisor.Actors.Logs;

/// <summary>Where in a log to begin. A plain value.</summary>
internal readonly record struct LogStart
{
    private LogStart(long number) => Number = number;

    /// <summary>At the end: a follower gets what comes from now on, a query the last entries.</summary>
    public static LogStart Tail => default;

    /// <summary>At the first entry that there ever was; what is not kept any more is a gap.</summary>
    public static LogStart Start => new(1);

    /// <summary>Whether it is the end.</summary>
    public bool IsTail => Number == 0;

    /// <summary>The entry's sequence number; 0 for the end.</summary>
    public long Number { get; }

    /// <summary>At the entry with this sequence number; under 1 is 1, and over the end is the end.</summary>
    public static LogStart Seq(long number) => new(Math.Max(1, number));
}
