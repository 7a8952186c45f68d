using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

/// <summary>What is not in the table of phases by sightings.</summary>
public sealed class VmObserverTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public void An_outcome_of_an_earlier_operation_is_ignored()
    {
        var suspending = VmStory.Suspending();
        var late = suspending.End();
        suspending.Asked(new VmCommand.Stop(Forced: true)).Ignored(late);
    }

    [Fact]
    public void That_the_guest_was_asked_says_nothing_about_the_stop_by_force_that_followed()
    {
        var stopping = VmStory.Stopping();
        var asked = stopping.End();
        stopping.Overdue().Ignored(asked);
        Assert.Equal(VmPhase.Stopping, stopping.State.Phase);
        Assert.Equal(VmPhase.Stopped, stopping.Ended().State.Phase);
    }

    [Fact]
    public void That_the_guest_could_not_be_asked_says_nothing_about_the_reset_that_followed()
    {
        var rebooting = VmStory.Rebooting();
        var asked = rebooting.End(Outcome.Failed("no agent"));
        rebooting.Overdue().Ignored(asked);
    }

    [Fact]
    public void The_time_of_the_guest_that_was_asked_is_not_the_time_of_the_force_that_followed()
    {
        var rebooting = VmStory.Rebooting();
        rebooting.Overdue();
        rebooting.Ignored(new VmObservation.Overdue(rebooting.Operation.Number, Forced: false, Long));
    }

    [Fact]
    public void A_look_that_was_taken_before_the_last_event_is_ignored()
    {
        var running = VmStory.Running();
        running.Ignored(new VmObservation.Seen(running.State.Revision - 1, Behind: true, VmStory.Sight(Power.Off, OffReason.Crashed)));
    }

    [Fact]
    public void That_the_domain_is_off_ends_a_stop_only_behind_its_own_call_since_a_start_may_be_under_way()
    {
        var stopping = VmStory.Starting().Asked(new VmCommand.Stop(Forced: false));
        stopping.Ignored(new VmObservation.Seen(stopping.State.Revision, Behind: false, VmStory.Sight(Power.Off)));
        stopping.Ignored(stopping.End());
        Assert.Equal(VmPhase.Stopped, stopping.Saw(new VmObservation.Seen(stopping.State.Revision, Behind: true, VmStory.Sight(Power.Off))).State.Phase);
    }

    [Fact]
    public void Life_of_an_earlier_boot_is_ignored()
    {
        var booting = VmStory.Running().Saw(new VmObservation.Reset());
        booting.Ignored(new VmObservation.Alive(1, "console"));
        booting.Ignored(new VmObservation.BootOverdue(1, Long));
        Assert.Equal(VmPhase.Running, booting.Saw(new VmObservation.Alive(2, "console")).State.Phase);
    }

    [Fact]
    public void A_guest_that_is_paused_while_it_boots_boots_on_when_it_is_resumed()
    {
        var story = VmStory.Booting().Seen(Power.Paused);
        Assert.Equal(VmPhase.Suspended, story.State.Phase);
        story.Seen(Power.Running);
        Assert.Equal(VmPhase.Booting, story.State.Phase);
        Assert.Equal(VmPhase.Running, story.Saw(new VmObservation.Alive(1, "agent")).State.Phase);
    }

    [Fact]
    public void A_suspension_that_was_accepted_goes_on_when_the_guest_reboots_meanwhile()
    {
        var story = VmStory.Suspending();
        var before = story.Operation;
        story.Saw(new VmObservation.Reset());
        Assert.Equal((2L, OperationKind.Suspend), (story.State.Incarnation, story.Operation.Kind));
        Assert.True(story.Operation.Number > before.Number);
        Assert.Equal(VmPhase.Suspended, story.Ended().State.Phase);
    }

    [Fact]
    public void A_resumption_that_was_accepted_goes_on_when_the_machine_is_reset_meanwhile()
    {
        var story = VmStory.Resuming().Saw(new VmObservation.Reset());
        Assert.Equal((2L, VmPhase.Suspended, OperationKind.Resume), (story.State.Incarnation, story.State.Phase, story.Operation.Kind));
        Assert.Equal(VmPhase.Booting, story.Ended().State.Phase);
    }

    [Fact]
    public void A_paused_machine_that_is_reset_is_another_incarnation_and_stays_suspended()
    {
        var story = VmStory.Suspended().Saw(new VmObservation.Reset());
        Assert.Equal((2L, VmPhase.Suspended), (story.State.Incarnation, story.State.Phase));
        Assert.Equal(VmPhase.Booting, story.Seen(Power.Running).State.Phase);
    }

    [Fact]
    public void A_reset_that_was_carried_out_counts_though_its_news_was_lost()
    {
        var story = VmStory.RebootingByForce();
        story.Ignored(story.End());
        story.Overdue();
        Assert.Equal((2L, VmPhase.Booting), (story.State.Incarnation, story.State.Phase));
    }

    [Fact]
    public void A_provisioning_that_failed_says_why() => Assert.Equal(
        "it could not be provisioned: no space",
        VmStory.Provisioning().Ended(Outcome.Failed("no space")).State.Reason);

    [Fact]
    public void A_vm_that_runs_though_its_start_was_said_to_have_failed_is_found_running()
    {
        var story = VmStory.Starting().Ended(Outcome.Failed("it seemed so"));
        Assert.Equal(VmPhase.Failed, story.State.Phase);
        Assert.Equal((VmPhase.Booting, 2L), (story.Seen(Power.Running, run: 1).State.Phase, story.State.Incarnation));
    }

    [Fact]
    public void A_destroy_or_removal_that_failed_changes_nothing_and_is_tried_again()
    {
        var stopping = VmStory.StoppingByForce();
        stopping.Ignored(stopping.End(Outcome.Failed("busy")));
        var deleting = VmStory.Deleting();
        deleting.Ignored(deleting.End(Outcome.Failed("busy")));
    }

    [Fact]
    public void Nothing_that_is_seen_changes_a_vm_that_is_not_there()
    {
        new VmStory().Ignored(new VmObservation.Reset()).Ignored(new VmObservation.Seen(0, true, VmStory.Sight(Power.Running, run: 1)));
        VmStory.Deleted().Ignored(new VmObservation.Reset());
    }

    [Fact]
    public void Every_observation_has_a_stable_word()
    {
        VmObservation[] all =
        [
            new VmObservation.Ended(1, OperationKind.Boot, false, Outcome.Done, 1), new VmObservation.Seen(1, true, Sighting.NotThere(Samples.Id)),
            new VmObservation.Reset(), new VmObservation.Alive(1, "agent"), new VmObservation.Overdue(1, false, Long), new VmObservation.BootOverdue(1, Long),
        ];
        Assert.Equal(
            ["outcome:boot", "hypervisor:look", "hypervisor:reset", "guest:agent", "timer:operation", "timer:boot"],
            all.Select(observation => observation.Word));
        Assert.Equal(typeof(VmObservation).GetNestedTypes().Length, all.Length);
    }
}
