using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

/// <summary>A VM that goes to another node as it runs.</summary>
public sealed class VmMigrationTests
{
    [Fact]
    public void A_vm_that_runs_goes_on_running_until_it_is_there_and_is_released_then()
    {
        var migrating = VmStory.Migrating();
        Assert.Equal((VmPhase.Running, "it is being moved to the node node-2", OperationKind.Migrate), (migrating.State.Phase, migrating.State.View().Reason, migrating.Operation.Kind));
        var away = migrating.Ended();
        Assert.Equal((true, true, (Operation?)null), (away.State.IsReleased, away.State.Move!.IsLive, away.State.Operation));
        Assert.Empty(VmEffects.Outstanding(away.State));
        away.Ignored(new VmObservation.Seen(away.State.Revision, Behind: false, VmStory.Sight(Power.Off, OffReason.Destroyed)));
    }

    [Fact]
    public void What_is_seen_of_its_domain_meanwhile_is_not_believed()
    {
        foreach (var (power, off) in new[] { (Power.Off, OffReason.Destroyed), (Power.Paused, OffReason.Unknown), (Power.Missing, OffReason.Unknown) })
        {
            var migrating = VmStory.Migrating();
            migrating.Ignored(new VmObservation.Seen(migrating.State.Revision, Behind: false, VmStory.Sight(power, off))).Ignored(new VmObservation.Reset());
        }
    }

    [Fact]
    public void There_it_runs_on_in_the_same_incarnation()
    {
        var landing = VmStory.Landing();
        Assert.Equal((VmPhase.Provisioning, 1L, true), (landing.State.Phase, landing.State.Incarnation, landing.State.Arrival!.IsLive));
        var before = landing.State;
        var here = landing.Ended(run: 7);
        Assert.Equal((VmPhase.Suspended, 7L, OperationKind.Resume), (here.State.Phase, here.State.Run, here.Operation.Kind));
        Assert.Contains(VmEffects.Between(before, here.State), effect => effect is VmEffect.OpenTerminal);
        Assert.Equal((VmPhase.Running, 1L, true, (VmArrival?)null), (here.Ended().State.Phase, here.State.Incarnation, here.State.Ready, here.State.Arrival));
    }

    [Fact]
    public void One_that_does_not_stand_there_any_more_boots_from_its_disk() =>
        Assert.Equal((VmPhase.Booting, 2L), (VmStory.Landing().Ended(run: 0).State.Phase, VmStory.Landing().Ended(run: 0).State.Incarnation));

    [Fact]
    public void One_that_does_not_get_there_stays_as_it_is_and_is_looked_at()
    {
        var migrating = VmStory.Migrating();
        var before = migrating.State;
        var stays = migrating.Ended(Outcome.Failed("the way broke"), run: 1);
        Assert.Equal((VmPhase.Running, 1L, "the way broke", (VmMove?)null, (Operation?)null), (stays.State.Phase, stays.State.Incarnation, stays.State.Reason, stays.State.Move, stays.State.Operation));
        Assert.Contains(VmEffects.Between(before, stays.State), effect => effect is VmEffect.Look);
        Assert.IsType<VmDecision.Accepted>(stays.Decide(new VmCommand.Suspend()));
    }

    [Fact]
    public void One_that_did_not_get_there_and_does_not_run_here_either_boots_here()
    {
        var back = VmStory.Migrating().Ended(Outcome.Failed("its node began anew meanwhile"));
        Assert.Equal((VmPhase.Booting, 2L, (VmMove?)null), (back.State.Phase, back.State.Incarnation, back.State.Move));
    }

    [Fact]
    public void It_can_be_typed_into_and_deleted_meanwhile_and_nothing_else_is_done_to_it()
    {
        foreach (var command in new VmCommand[] { new VmCommand.Attach(TerminalRole.Operator), new VmCommand.Type([13]), new VmCommand.Delete() })
        {
            Assert.IsType<VmDecision.Accepted>(VmStory.Migrating().Decide(command));
            Assert.Equal(VmDenial.Moving, Assert.IsType<VmDecision.Denied>(VmStory.Migrated().Decide(command)).Denial);
        }

        foreach (var command in new VmCommand[] { new VmCommand.Stop(true), new VmCommand.Suspend(), new VmCommand.Reboot(), new VmCommand.Exec(["/bin/true"], null, 1) })
        {
            Assert.Equal(VmDenial.Moving, Assert.IsType<VmDecision.Denied>(VmStory.Migrating().Decide(command)).Denial);
        }

        var deleting = VmStory.Migrating().Asked(new VmCommand.Delete());
        Assert.Equal((VmPhase.Deleting, (VmMove?)null), (deleting.State.Phase, deleting.State.Move));
    }

    [Fact]
    public void One_whose_other_node_was_given_up_boots_here_from_its_disk()
    {
        var back = VmStory.Migrated().Decided(state => VmMoveDecider.End(state, "node-2 was given up", null));
        Assert.Equal((VmPhase.Booting, 2L, (VmMove?)null), (back.State.Phase, back.State.Incarnation, back.State.Move));
    }

    [Fact]
    public void Only_one_that_runs_and_is_left_alone_goes_so()
    {
        foreach (var story in new[] { VmStory.Booting(), VmStory.Stopped(), VmStory.Suspended(), VmStory.Suspending(), VmStory.Failed(), VmStory.Migrating(), VmStory.OffToMove() })
        {
            Assert.IsType<VmDecision.Denied>(VmMoveDecider.Migrate(story.State, "node-2", null, null));
            Assert.Throws<ContradictionException>(() => VmFold.Apply(story.State, new VmEvents.MigrationBegun("node-2", 99), Samples.Noon));
        }

        Assert.Equal(VmDenial.AgentFrozen, Assert.IsType<VmDecision.Denied>(VmMoveDecider.Migrate(VmStory.Running().State, "node-2", null, Samples.Noon)).Denial);
        Assert.Equal(VmDenial.HypervisorDown, Assert.IsType<VmDecision.Denied>(VmMoveDecider.Migrate(VmStory.Running().State, "node-2", "it is away", null)).Denial);
        Assert.Equal(VmDenial.Busy, Assert.IsType<VmDecision.Denied>(VmMoveDecider.End(VmStory.Migrating().State, "it stays", null)).Denial);
        Assert.Throws<ContradictionException>(() => VmFold.Apply(VmStory.Running().State, new VmEvents.Landed(99, 1), Samples.Noon));
        Assert.Throws<ContradictionException>(() => VmFold.Apply(VmStory.Migrating().State, new VmEvents.Released("node-3"), Samples.Noon));
    }
}
