namespace Hydravisor.Actors.Feeds;

/// <summary>Lines that somebody follows (a log, a terminal), taken at the pace of the peer that they go to.</summary>
/// <remarks>
/// Who follows has a place in what is followed and no buffer of its own, so that one who does not take costs nobody anything. Safe for all threads, but
/// <see cref="TryTake"/> is called by one at a time.
/// </remarks>
internal interface IFeed : IDisposable
{
    /// <summary>Takes what comes next. Never blocks.</summary>
    /// <param name="lines">One or more whole lines of the wire with their LF, encoded once for all who follow: never written to.</param>
    /// <returns>False: there is nothing now. The feed then wakes its owner once, as soon as there is, or has ended.</returns>
    bool TryTake(out ReadOnlyMemory<byte> lines);

    /// <summary>Why no more will ever come; null while it goes on. Not null before all was taken.</summary>
    string? Ended { get; }

    /// <summary>Whether it ended since whoever has it does not answer: it may be followed again later.</summary>
    bool IsLost => false;
}
