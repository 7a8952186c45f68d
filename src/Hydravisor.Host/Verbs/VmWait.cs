using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary>Where a verb brings a VM.</summary>
/// <param name="Name">For people.</param>
/// <param name="Reached">Whether the VM is there.</param>
/// <param name="FailureEnds">Whether a failed VM will not get there any more; to delete one it will.</param>
internal sealed record VmGoal(string Name, Func<VmStateMessage, bool> Reached, bool FailureEnds = true)
{
    /// <summary>To be in a phase.</summary>
    public static VmGoal Phase(VmPhase phase) => new(phase.ToWireName(), state => state.State == phase, phase != VmPhase.Deleted);

    /// <summary>To run again, as another incarnation than the one that was asked to reboot.</summary>
    public static VmGoal RunningAfter(long? incarnation) =>
        new("running again", state => state.State == VmPhase.Running && state.Incarnation > (incarnation ?? 0));
}

/// <summary>Waiting, at a terminal, until a VM is where a verb was to bring it.</summary>
internal static class VmWait
{
    /// <summary>
    /// The state that was waited for; every change on the way goes to stderr. None if the VM is gone and that was the goal.
    /// </summary>
    /// <exception cref="VerbFailure">The VM went somewhere from where it will not get there, or the time is over.</exception>
    public static async Task<VmStateMessage?> UntilAsync(
        VerbCall call, string instanceId, VmGoal goal, TimeSpan limit, CancellationToken cancellation)
    {
        using var over = new CancellationTokenSource(limit, call.Environment.Time);
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancellation, over.Token);
        VmStateMessage? last = null;
        bool Look(VmStateMessage state)
        {
            if (last?.State != state.State)
            {
                call.Output.Progress(state);
            }

            last = state;
            return goal.Reached(state) || IsEnd(state, goal);
        }

        try
        {
            var state = await call.Client.WaitForStateAsync(instanceId, Look, timed.Token);
            return goal.Reached(state)
                ? state
                : throw new VerbFailure(
                    $"{instanceId} is {state.State.ToWireName()} and will not be {goal.Name}"
                    + (state.Reason is null ? "." : $": {state.Reason}"));
        }
        catch (HydravisorException gone) when (gone.Code == ErrorCode.NotFound && !goal.FailureEnds)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new VerbFailure(
                $"{instanceId} is {last?.State.ToWireName() ?? "not heard of"} and not {goal.Name} after {limit.TotalSeconds} s; "
                + $"the node goes on with it. To see: hydravisor vm watch {instanceId}");
        }
    }

    private static bool IsEnd(VmStateMessage state, VmGoal goal) =>
        state.State == VmPhase.Deleted || (state.State == VmPhase.Failed && goal.FailureEnds);
}
