namespace Hydravisor.Actors.Tests;

/// <summary>A clock that goes, and whose one timer rings, when the test says so.</summary>
internal sealed class HandTime : TimeProvider
{
    private long _ticks = 1;
    private Action _ring = () => { };

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _ring = () => callback(state);
        return base.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Pass(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    public void Ring() => _ring();
}
