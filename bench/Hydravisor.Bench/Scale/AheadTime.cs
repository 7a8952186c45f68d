namespace Hydravisor.Bench.Scale;

/// <summary>The machine's clock, and ahead of it by as much as was said: what would be waited for is not. Safe for all threads.</summary>
internal sealed class AheadTime : TimeProvider
{
    private long _ahead;

    /// <summary>So much later.</summary>
    public void Advance(TimeSpan time) => Interlocked.Add(ref _ahead, (long)(time.TotalSeconds * TimestampFrequency));

    /// <inheritdoc/>
    public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _ahead);
}
