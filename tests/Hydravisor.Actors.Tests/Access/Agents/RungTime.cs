namespace Hydravisor.Actors.Tests.Access.Agents;

/// <summary>A clock whose one timer runs when it is told to.</summary>
internal sealed class RungTime : TimeProvider
{
    private Action _ring = () => { };

    /// <summary>How often the timer is to run.</summary>
    public TimeSpan Period { get; private set; }

    public void Ring() => _ring();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Period = period;
        _ring = () => callback(state);
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
