namespace Hydravisor.Actors.Tests.Vms.Simulation;

/// <summary>What is to happen, in the order of time; at one time in the order of entry. Time is what it says.</summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action, (DateTimeOffset At, long Order)> _entries = new();
    private long _order;

    public DateTimeOffset Now { get; private set; } = Samples.Noon;

    public void At(DateTimeOffset at, Action what) => _entries.Enqueue(what, (at < Now ? Now : at, _order++));

    public void In(TimeSpan after, Action what) => At(Now + after, what);

    /// <summary>Lets the next thing happen; false when there is none until then.</summary>
    public bool Step(DateTimeOffset until)
    {
        if (!_entries.TryPeek(out _, out var next) || next.At > until)
        {
            return false;
        }

        var what = _entries.Dequeue();
        Now = next.At;
        what();
        return true;
    }
}
