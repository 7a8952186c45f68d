using CsCheck;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

/// <summary>What is decided on the VM of an agent that is frozen.</summary>
public sealed class FrozenVmTests
{
    [Fact]
    public void It_is_suspended_where_its_processors_run_and_nothing_else_is_being_done_to_it() => Assert.Equal(
        ["booting", "running"],
        VmStory.All.Where(each => IsBraked(each.Make().State, runs: false)).Select(each => each.Name));

    [Fact]
    public void One_that_failed_is_suspended_where_its_domain_is_seen_to_run() => Assert.Equal(
        ["booting", "running", "failed, never provisioned", "failed, its QEMU died", "failed, no sign of life"],
        VmStory.All.Where(each => IsBraked(each.Make().State, runs: true)).Select(each => each.Name));

    [Fact]
    public void Without_a_hypervisor_nothing_is_begun() =>
        Assert.All(VmStory.All, each => Assert.IsType<VmDecision.Already>(VmDecider.DecideFrozen(each.Make().State, runs: true, "it is away")));

    [Fact]
    public void Nobody_sets_it_going_and_who_may_do_so_else_is_told_why()
    {
        foreach (var command in new VmCommand[] { new VmCommand.Start(), new VmCommand.Resume(), new VmCommand.Reboot() })
        {
            foreach (var (name, make) in VmStory.All.Where(each => each.Make().State is { Exists: true, Move: null }))
            {
                var denied = Assert.IsType<VmDecision.Denied>(
                    VmDecider.Decide(make().State, Samples.Id, command, "another", null, null, null, Samples.Noon));
                Assert.True(denied is { Denial: VmDenial.AgentFrozen, Code: ErrorCode.Conflict }, $"{command}, {name}: {denied}");
                Assert.Contains("frozen", denied.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void It_may_be_stopped_and_deleted()
    {
        foreach (var command in new VmCommand[] { new VmCommand.Stop(Forced: true), new VmCommand.Delete() })
        {
            Assert.IsType<VmDecision.Accepted>(VmDecider.Decide(VmStory.Suspended().State, Samples.Id, command, "another", null, null, null, Samples.Noon));
        }
    }

    // In whatever state it is frozen, and whatever happens to its domain then: a VM that nothing is being done to does not run.
    [Fact]
    public void Whatever_happens_it_never_stays_running() =>
        Gen.Select(Gen.Int[0, VmStory.All.Count - 1], Gen.Int[0, 9].Array[0, 30]).Sample((begin, steps) =>
        {
            var state = Braked(VmStory.All[begin].Make().State, seen: null);
            foreach (var step in steps)
            {
                var observation = Observation(state, step);
                var seen = (observation as VmObservation.Seen)?.Sighting;
                state = Braked(Folded(state, VmObserver.Observe(state, observation)), seen);
                Assert.False(state is { Exists: true, Operation: null, IsReleased: false, Phase: VmPhase.Running or VmPhase.Booting }, $"{observation}: {state}");
            }
        });

    private static bool IsBraked(VmState state, bool runs) => VmDecider.DecideFrozen(state, runs, trouble: null) is VmDecision.Accepted;

    private static VmState Braked(VmState state, Sighting? seen) =>
        VmDecider.DecideFrozen(state, seen?.Power == Power.Running, trouble: null) is VmDecision.Accepted accepted ? Folded(state, accepted.Events) : state;

    private static VmState Folded(VmState state, IReadOnlyList<IVmEvent> events) =>
        events.Aggregate(state, (folded, e) => VmFold.Apply(folded, e, Samples.Noon));

    private static VmObservation Observation(VmState state, int step)
    {
        var (number, kind, forced) = state.Operation is { } operation ? (operation.Number, operation.Kind, operation.Forced) : (0, OperationKind.Boot, false);
        VmObservation Seen(Power power, long run) => new VmObservation.Seen(state.Revision, Behind: true, VmStory.Sight(power, OffReason.Shutdown, run));
        return step switch
        {
            0 or 1 => new VmObservation.Ended(number, kind, forced, Outcome.Done, Run: state.Run + 1),
            2 => new VmObservation.Ended(number, kind, forced, Outcome.Failed("it did not work"), Run: 0),
            3 => new VmObservation.Alive(state.Incarnation, "console"),
            4 => new VmObservation.Overdue(number, forced, TimeSpan.FromSeconds(60)),
            5 => new VmObservation.Reset(),
            6 => Seen(Power.Running, state.Run),
            7 => Seen(Power.Running, state.Run + 1),
            8 => Seen(Power.Paused, state.Run),
            _ => Seen(Power.Off, 0),
        };
    }
}
