using Hydravisor.Actors.Logs.Segments;

namespace Hydravisor.Actors.Logs.Following;

/// <summary>One who follows a log: a place in it, and at most one piece that was read for it.</summary>
internal sealed class LogFeed : ILogFeed
{
    private readonly Followers _followers;

    internal LogFeed(Followers followers, long from, Action wake) => (_followers, From, Next, Wake) = (followers, from, from, wake);

    /// <inheritdoc/>
    public long From { get; }

    /// <inheritdoc/>
    public string? Ended { get; internal set; }

    // What follows is the followers' own, under their lock.
    internal Action Wake { get; }

    internal long Next { get; set; }

    internal LogPiece? Piece { get; set; }

    internal ReadHint Hint { get; set; }

    internal long BytesAt { get; set; }

    internal bool HasBeenLive { get; set; }

    internal bool IsWaiting { get; set; }

    internal bool IsGone { get; set; }

    /// <inheritdoc/>
    public bool TryTake(out ReadOnlyMemory<byte> lines) => _followers.TryTake(this, out lines);

    /// <inheritdoc/>
    public void Dispose() => _followers.Remove(this);
}
