using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

/// <summary>A VM's way to another node, and back from half of it.</summary>
public sealed class VmMoveTests
{
    private static readonly VmCommand[] Changes =
    [
        new VmCommand.Start(), new VmCommand.Stop(false), new VmCommand.Stop(true), new VmCommand.Suspend(), new VmCommand.Resume(), new VmCommand.Reboot(),
        new VmCommand.Attach(TerminalRole.Operator), new VmCommand.Type([13]), new VmCommand.Exec(["/bin/true"], null, 1),
    ];

    [Fact]
    public void A_vm_that_runs_is_stopped_first_and_says_why()
    {
        var moving = VmStory.StoppingToMove().State;
        Assert.Equal((VmPhase.Stopping, "it is being moved to the node node-2", false), (moving.Phase, moving.View().Reason, moving.Operation!.Forced));
        var off = VmStory.OffToMove().State;
        Assert.Equal((VmPhase.Stopped, "it is being moved to the node node-2"), (off.Phase, off.View().Reason));
    }

    [Fact]
    public void A_vm_that_goes_elsewhere_is_not_changed_by_anybody_and_says_where_it_goes()
    {
        foreach (var story in new[] { VmStory.StoppingToMove(), VmStory.OffToMove(), VmStory.Released() })
        {
            foreach (var denied in Changes.Select(change => Assert.IsType<VmDecision.Denied>(story.Decide(change))))
            {
                Assert.Equal((VmDenial.Moving, ErrorCode.Unavailable), (denied.Denial, denied.Code));
                Assert.Contains("node-2", denied.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_vm_that_is_being_moved_can_be_deleted_until_it_is_the_other_nodes()
    {
        foreach (var story in new[] { VmStory.StoppingToMove(), VmStory.OffToMove() })
        {
            Assert.Equal((VmPhase.Deleting, (VmMove?)null), (story.Asked(new VmCommand.Delete()).State.Phase, story.State.Move));
        }

        Assert.Equal(VmDenial.Moving, Assert.IsType<VmDecision.Denied>(VmStory.Released().Decide(new VmCommand.Delete())).Denial);
    }

    [Theory]
    [InlineData("provisioning", "something else")]
    [InlineData("booting, its domain being started", "something else")]
    [InlineData("running, being suspended", "something else")]
    [InlineData("stopping", "something else")]
    [InlineData("suspended", "its memory would be lost")]
    [InlineData("failed, never provisioned", "never made")]
    [InlineData("deleting", "something else")]
    [InlineData("deleted", "not there")]
    [InlineData("stopped, released to another node", "the node node-2's")]
    public void A_vm_that_would_lose_something_or_is_busy_stays_and_says_why(string situation, string why)
    {
        var state = VmStory.All.Single(known => known.Name == situation).Make().State;
        Assert.Contains(why, Assert.IsType<VmDecision.Denied>(VmMoveDecider.Begin(state, "node-2", null, null)).Message, StringComparison.Ordinal);
        Assert.Throws<ContradictionException>(() => VmFold.Apply(state, new VmEvents.MoveBegun("node-2", Starts: false), Samples.Noon));
    }

    [Fact]
    public void A_vm_whose_agent_is_frozen_keeps_its_memory_and_moves_only_when_it_is_off()
    {
        Assert.Equal(VmDenial.AgentFrozen, Assert.IsType<VmDecision.Denied>(VmMoveDecider.Begin(VmStory.Running().State, "node-2", null, Samples.Noon)).Denial);
        Assert.IsType<VmDecision.Accepted>(VmMoveDecider.Begin(VmStory.Stopped().State, "node-2", null, Samples.Noon));
        Assert.Single(Assert.IsType<VmDecision.Accepted>(VmMoveDecider.End(VmStory.OffToMove().State, "it stays", Samples.Noon)).Events);
    }

    [Fact]
    public void Nothing_is_begun_while_the_hypervisor_is_down() =>
        Assert.Equal(VmDenial.HypervisorDown, Assert.IsType<VmDecision.Denied>(VmMoveDecider.Begin(VmStory.Running().State, "node-2", "it is away", null)).Denial);

    [Fact]
    public void A_vm_that_stays_after_all_runs_again_where_it_ran_and_takes_commands()
    {
        var back = VmStory.OffToMove().Decided(state => VmMoveDecider.End(state, "node-2 does not answer", null));
        Assert.Equal((VmPhase.Booting, 2, "node-2 does not answer", (VmMove?)null), (back.State.Phase, back.State.Incarnation, back.State.Reason, back.State.Move));
        Assert.IsType<VmDecision.Accepted>(back.Decide(new VmCommand.Stop(Forced: true)));
        var off = VmStory.Stopped().Decided(state => VmMoveDecider.Begin(state, "node-2", null, null)).Decided(state => VmMoveDecider.End(state, "node-2 does not answer", null));
        Assert.Equal((VmPhase.Stopped, 1), (off.State.Phase, off.State.Incarnation));
        Assert.IsType<VmDecision.Already>(VmMoveDecider.End(off.State, "again", null));
    }

    [Fact]
    public void A_move_that_ends_waits_for_the_stop_that_it_began() =>
        Assert.Equal(VmDenial.Busy, Assert.IsType<VmDecision.Denied>(VmMoveDecider.End(VmStory.StoppingToMove().State, "it stays", null)).Denial);

    [Fact]
    public void A_vm_that_did_anything_since_its_disk_was_read_is_not_released()
    {
        var off = VmStory.OffToMove();
        var before = off.State.Revision;
        Assert.IsType<VmDecision.Accepted>(VmMoveDecider.Release(off.State, "node-2", before));
        Assert.IsType<VmDecision.Denied>(VmMoveDecider.Release(off.State, "node-3", before));
        off.Seen(Power.Running, run: 2);
        Assert.IsType<VmDecision.Denied>(VmMoveDecider.Release(off.State, "node-2", before));
        off.Seen(Power.Off, OffReason.Destroyed);
        Assert.IsType<VmDecision.Denied>(VmMoveDecider.Release(off.State, "node-2", before));
        Assert.Throws<ContradictionException>(() => VmFold.Apply(VmStory.StoppingToMove().State, new VmEvents.Released("node-2"), Samples.Noon));
        Assert.Throws<ContradictionException>(() => VmFold.Apply(VmStory.Stopped().State, new VmEvents.Released("node-2"), Samples.Noon));
    }

    [Fact]
    public void Of_a_vm_that_was_released_nothing_is_done_or_believed_but_that_it_is_taken_back()
    {
        var released = VmStory.Released();
        Assert.Empty(VmEffects.Outstanding(released.State));
        released.Ignored(new VmObservation.Seen(released.State.Revision, Behind: true, VmStory.Sight(Power.Running, run: 9))).Ignored(new VmObservation.Reset());
        foreach (var e in new IVmEvent[] { new VmEvents.BootBegun(2, BootTrigger.Outside, 0, 9), new VmEvents.Failed("x"), new VmEvents.DeleteAccepted(99), new VmEvents.Released("node-2") })
        {
            Assert.Throws<ContradictionException>(() => VmFold.Apply(released.State, e, Samples.Noon));
        }

        Assert.Equal(VmPhase.Booting, released.Decided(state => VmMoveDecider.End(state, "node-2 was given up", null)).State.Phase);
    }

    [Theory]
    [InlineData(true, VmPhase.Booting, 2)]
    [InlineData(false, VmPhase.Stopped, 1)]
    public void A_vm_is_on_the_other_node_as_it_was_on_the_first(bool ran, VmPhase phase, long incarnation)
    {
        var there = VmStory.Arriving(ran);
        Assert.Equal((VmPhase.Provisioning, "node-2", new VmArrival(Samples.Node, ran)), (there.State.Phase, there.State.Node, there.State.Arrival));
        there.Ended();
        Assert.Equal((phase, incarnation, (VmArrival?)null, (VmMove?)null), (there.State.Phase, there.State.Incarnation, there.State.Arrival, there.State.Move));
    }

    [Fact]
    public void A_vm_that_was_off_is_not_promised_to_start_before_it_is_in_its_place() =>
        Assert.Equal(ErrorCode.Unavailable, Assert.IsType<VmDecision.Denied>(VmStory.Arriving(ran: false).Decide(new VmCommand.Start())).Code);

    [Fact]
    public void A_vm_whose_disk_is_not_in_its_place_yet_does_not_fail_and_gets_no_other_one() =>
        VmStory.Arriving().Ignored(VmStory.Arriving().End(Outcome.Failed("the disk is full")));

    [Fact]
    public void A_vm_of_a_node_that_was_lost_begins_anew_also_where_it_was_on_its_way()
    {
        foreach (var story in new[] { VmStory.OffToMove(), VmStory.Released() })
        {
            var left = new VmLeft(new StreamHead("vm|node-1|x", story.State.Revision, EventHash.Start.Hex), story.State);
            var state = VmFold.Apply(VmState.None, Assert.Single(VmDecider.DecideAdoption(VmState.None, "node-3", left)), Samples.Noon);
            Assert.Equal((null, null, VmPhase.Provisioning), (state.Move, state.Arrival, state.Phase));
            Assert.Contains("was lost", state.Reason, StringComparison.Ordinal);
        }
    }
}
