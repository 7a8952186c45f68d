using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>What goes wrong with one call.</summary>
internal enum SimulatedFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It fails and has no effect.</summary>
    Fail,

    /// <summary>The hypervisor is not there; no effect.</summary>
    Unavailable,

    /// <summary>It has its effect, and is reported unavailable.</summary>
    LoseOutcome,

    /// <summary>It hangs before its effect until released, then goes on.</summary>
    Hang,

    /// <summary>It hangs after its effect until released, then returns.</summary>
    HangAfterwards,
}

/// <summary>One call of a simulated part.</summary>
/// <param name="Number">Counts all calls, from 1.</param>
/// <param name="Name">The method without <c>Async</c>, for example <c>Start</c>.</param>
/// <param name="Id">Of which instance, where it is of one.</param>
internal sealed record SimulatedCall(long Number, string Name, InstanceId? Id);

/// <summary>A plan of faults, and a record of the calls that were made. Safe for all threads.</summary>
internal sealed class SimulatedFaults
{
    private readonly Lock _gate = new();
    private readonly List<Rule> _rules = [];
    private readonly List<SimulatedCall> _calls = [];
    private TaskCompletionSource _released = NewRelease();
    private TaskCompletionSource _called = NewRelease();

    /// <summary>The calls so far, in the order in which they began.</summary>
    public IReadOnlyList<SimulatedCall> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>Plans a fault for the next calls that the predicate picks; an earlier plan goes first.</summary>
    public void Plan(Func<SimulatedCall, bool> which, SimulatedFault fault, int times = 1)
    {
        lock (_gate)
        {
            _rules.Add(new Rule(which, fault) { Left = times });
        }
    }

    /// <summary>Plans a fault for the next calls of that name.</summary>
    public void Plan(string name, SimulatedFault fault, int times = 1) => Plan(call => call.Name == name, fault, times);

    /// <summary>Plans a fault for the call of that number.</summary>
    public void PlanAt(long number, SimulatedFault fault) => Plan(call => call.Number == number, fault);

    /// <summary>Drops what was planned and has not come yet.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _rules.Clear();
        }
    }

    /// <summary>Lets all calls that hang go on.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _released.SetResult();
            _released = NewRelease();
        }
    }

    /// <summary>Ends when the n-th call of that name has begun.</summary>
    public async Task CalledAsync(string name, int times = 1)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_calls.Count(call => call.Name == name) >= times)
                {
                    return;
                }

                next = _called.Task;
            }

            await next.ConfigureAwait(false);
        }
    }

    /// <summary>Notes that a call begins and says what goes wrong with it.</summary>
    /// <returns>The fault, and what a hanging call waits for.</returns>
    public (SimulatedFault Fault, Task Released) Next(string name, InstanceId? id)
    {
        lock (_gate)
        {
            var call = new SimulatedCall(_calls.Count + 1, name, id);
            _calls.Add(call);
            _called.SetResult();
            _called = NewRelease();
            var rule = _rules.Find(rule => rule.Left > 0 && rule.Which(call));
            if (rule is null)
            {
                return (SimulatedFault.None, Task.CompletedTask);
            }

            rule.Left--;
            return (rule.Fault, _released.Task);
        }
    }

    private static TaskCompletionSource NewRelease() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Rule(Func<SimulatedCall, bool> Which, SimulatedFault Fault)
    {
        public int Left { get; set; }
    }
}
