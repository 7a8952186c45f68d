using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests.Vms;

public sealed class VmDriverTests
{
    private static readonly VmSettings Times = new(
        BootTimeout: TimeSpan.FromSeconds(120), StopGrace: TimeSpan.FromSeconds(60), RebootGrace: TimeSpan.FromSeconds(30), AskAgain: TimeSpan.FromSeconds(10),
        RetryDelay: TimeSpan.FromSeconds(1), SnapshotEvery: 10);

    private readonly Hands _hands = new();
    private readonly VmDriver _driver;

    public VmDriverTests() => _driver = new VmDriver(Times, _hands);

    [Fact]
    public void After_a_recovery_nothing_is_done_before_the_domain_was_looked_at()
    {
        var state = VmStory.Stopping().State;
        _driver.Reconcile(state);
        Assert.Equal(["look"], _hands.Took());
        Unmoved(state, Seen(state));
        Assert.Equal(["terminal", "perform Stop"], _hands.Took());
    }

    [Fact]
    public void A_look_that_was_overtaken_is_taken_again_before_the_outstanding_is_taken_up()
    {
        var state = VmStory.Stopping().State;
        _driver.Reconcile(state);
        Unmoved(state, Seen(state) with { Revision = state.Revision - 1 });
        Assert.Equal(["look", "look"], _hands.Took());
        Unmoved(state, Seen(state));
        Assert.Contains("perform Stop", _hands.Took());
    }

    [Fact]
    public void News_during_a_look_make_it_be_taken_again()
    {
        var state = VmStory.Running().State;
        _driver.Look(state);
        _driver.Look(state);
        _driver.Look(state);
        Assert.Equal(["look"], _hands.Took());
        Unmoved(state, Seen(state));
        Assert.Equal(["look"], _hands.Took());
        Unmoved(state, Seen(state));
        Assert.Empty(_hands.Took());
    }

    [Fact]
    public void A_look_that_failed_is_taken_again_and_then_the_outstanding_is_taken_up()
    {
        var state = VmStory.Stopping().State;
        _driver.Reconcile(state);
        _driver.Hear(state, new VmEcho.LookedInVain("it hiccuped"));
        Assert.Equal(Times.RetryDelay, _hands.Timers[VmTimer.Look].After);
        _driver.Hear(state, (VmEcho)_hands.Timers[VmTimer.Look].Message);
        Unmoved(state, Seen(state));
        Assert.Equal(["look", "look", "terminal", "perform Stop"], _hands.Took());
    }

    [Fact]
    public void What_is_under_way_is_not_begun_twice()
    {
        Advance(VmStory.Running(), VmStory.Suspending());
        var state = VmStory.Suspending().State;
        _driver.Reconcile(state);
        Unmoved(state, Seen(state));
        Assert.Single(_hands.Took(), took => took == "perform Suspend");
    }

    [Fact]
    public void Without_a_hypervisor_nothing_is_begun_and_with_it_all_is()
    {
        _hands.Trouble = "away";
        Advance(VmStory.Running(), VmStory.Suspending());
        _driver.Look(VmStory.Suspending().State);
        Assert.Empty(_hands.Took());
        _hands.Trouble = null;
        var state = VmStory.Suspending().State;
        _driver.Reconcile(state);
        Unmoved(state, Seen(state));
        Assert.Equal(["look", "terminal", "perform Suspend"], _hands.Took());
    }

    [Fact]
    public void An_outcome_that_is_not_known_is_asked_for_again_ever_more_slowly()
    {
        Advance(VmStory.Running(), VmStory.Suspending());
        var story = VmStory.Suspending();
        foreach (var seconds in (int[])[1, 2, 4, 8, 16, 32, 32])
        {
            Unmoved(story.State, story.End(Outcome.Unavailable("lost")));
            Assert.Equal(TimeSpan.FromSeconds(seconds), _hands.Timers[VmTimer.Retry].After);
            _driver.Hear(story.State, (VmEcho)_hands.Timers[VmTimer.Retry].Message);
        }

        Assert.Equal(8, _hands.Took().Count(took => took == "perform Suspend"));
    }

    [Fact]
    public void A_retry_of_an_operation_that_is_over_does_nothing()
    {
        _driver.Hear(VmStory.Suspended().State, new VmEcho.Retry(3, Forced: false));
        _driver.Hear(VmStory.StoppingByForce().State, new VmEcho.Retry(VmStory.StoppingByForce().Operation.Number, Forced: false));
        Assert.Empty(_hands.Took());
    }

    [Fact]
    public void A_guest_has_its_time_from_when_it_was_asked()
    {
        Advance(VmStory.Running(), VmStory.Stopping());
        Assert.Equal(Times.StopGrace, _hands.Timers[VmTimer.Operation].After);
        new VmDriver(Times, _hands).Advance(VmStory.Running().State, VmStory.Rebooting().State);
        Assert.Equal(Times.RebootGrace, _hands.Timers[VmTimer.Operation].After);
    }

    [Fact]
    public void A_guest_that_could_not_be_asked_has_no_time_to_overrun()
    {
        Advance(VmStory.Running(), VmStory.Stopping());
        var story = VmStory.Stopping();
        Unmoved(story.State, story.End(Outcome.Unavailable("lost")));
        Assert.DoesNotContain(VmTimer.Operation, _hands.Timers.Keys);
        _driver.Hear(story.State, (VmEcho)_hands.Timers[VmTimer.Retry].Message);
        Assert.Contains(VmTimer.Operation, _hands.Timers.Keys);
    }

    [Fact]
    public void The_time_ends_with_the_operation()
    {
        Advance(VmStory.Running(), VmStory.Stopping());
        Advance(VmStory.Stopping(), VmStory.Stopped());
        Assert.DoesNotContain(VmTimer.Operation, _hands.Timers.Keys);
    }

    [Fact]
    public void A_reset_that_was_carried_out_has_a_time_in_which_it_must_be_seen()
    {
        Advance(VmStory.Rebooting(), VmStory.RebootingByForce());
        Assert.DoesNotContain(VmTimer.Operation, _hands.Timers.Keys);
        var story = VmStory.RebootingByForce();
        Unmoved(story.State, story.End());
        var overdue = Assert.IsType<VmObservation.Overdue>(_hands.Timers[VmTimer.Operation].Message);
        Assert.True(overdue.Forced);
    }

    [Fact]
    public void A_guest_that_was_asked_to_power_off_is_looked_at_since_it_may_be_off_already()
    {
        Advance(VmStory.Running(), VmStory.Stopping());
        var story = VmStory.Stopping();
        Unmoved(story.State, story.End());
        Assert.Equal(["perform Stop", "look"], _hands.Took());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_guest_that_did_not_follow_is_asked_again_within_its_time(bool stops)
    {
        var (kind, story) = stops ? (OperationKind.Stop, VmStory.Stopping()) : (OperationKind.Reboot, VmStory.Rebooting());
        Advance(VmStory.Running(), story);
        Assert.DoesNotContain(VmTimer.Ask, _hands.Timers.Keys);
        for (var time = 0; time < 2; time++)
        {
            Unmoved(story.State, story.End());
            Assert.Equal([$"perform {kind}", "look"], _hands.Took());
            Unmoved(story.State, Seen(story.State));
            var (message, after) = _hands.Timers[VmTimer.Ask];
            Assert.Equal(Times.AskAgain, after);
            _hands.Timers.Remove(VmTimer.Operation, out var overdue);
            _driver.Hear(story.State, (VmEcho)message);
            // Its time runs on, and is not begun anew.
            Assert.DoesNotContain(VmTimer.Operation, _hands.Timers.Keys);
            _hands.Timers[VmTimer.Operation] = overdue;
        }
    }

    [Fact]
    public void A_guest_is_not_asked_again_while_it_is_asked_or_nobody_could_or_once_it_followed()
    {
        var story = VmStory.Stopping();
        Advance(VmStory.Running(), story);
        var again = new VmEcho.AskAgain(story.Operation.Number);
        Assert.Equal(["perform Stop"], _hands.Took());
        _driver.Hear(story.State, again);
        Assert.Empty(_hands.Took());
        Unmoved(story.State, story.End());
        _hands.Took();
        _hands.Trouble = "away";
        _driver.Hear(story.State, again);
        _hands.Trouble = null;
        Advance(story, VmStory.Stopped());
        Assert.DoesNotContain(VmTimer.Ask, _hands.Timers.Keys);
        _driver.Hear(VmStory.Stopped().State, again);
        _driver.Hear(VmStory.StoppingByForce().State, again);
        Assert.DoesNotContain("perform Stop", _hands.Took());
    }

    [Fact]
    public void A_late_outcome_makes_the_domain_be_looked_at()
    {
        var late = VmStory.Suspending().End();
        Unmoved(VmStory.StoppingByForce().Ended().State, late);
        Assert.Equal(["look"], _hands.Took());
    }

    [Fact]
    public void A_booting_guest_has_its_time_from_when_its_life_was_waited_for()
    {
        Advance(VmStory.Starting(), VmStory.Booting());
        Assert.Equal(["look", "terminal", "await life 1"], _hands.Took());
        Assert.Equal((new VmObservation.BootOverdue(1, Times.BootTimeout), Times.BootTimeout), _hands.Timers[VmTimer.Life]);
        _driver.Heard(new VmObservation.Alive(1, "console"));
        Assert.Empty(_hands.Timers);
    }

    [Fact]
    public void A_guest_that_nobody_could_watch_has_its_time_anew()
    {
        Advance(VmStory.Starting(), VmStory.Booting());
        _driver.Hear(VmStory.Booting().State, new VmEcho.NoLife(1, Outcome.Unavailable("lost")));
        Assert.DoesNotContain(VmTimer.Life, _hands.Timers.Keys);
        _driver.Hear(VmStory.Booting().State, (VmEcho)_hands.Timers[VmTimer.LifeRetry].Message);
        Assert.Contains(VmTimer.Life, _hands.Timers.Keys);
        Assert.Equal(2, _hands.Took().Count(took => took.StartsWith("await life", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_guest_that_was_watched_in_vain_has_not()
    {
        Advance(VmStory.Starting(), VmStory.Booting());
        _driver.Hear(VmStory.Booting().State, new VmEcho.NoLife(1, Outcome.Failed("no console log")));
        Assert.Contains(VmTimer.Life, _hands.Timers.Keys);
    }

    [Fact]
    public void The_end_of_an_earlier_wait_is_not_the_end_of_the_present_one()
    {
        Advance(VmStory.Starting(), VmStory.Booting());
        Advance(VmStory.Booting(), VmStory.Booting().Saw(new VmObservation.Reset()));
        _driver.Hear(VmStory.Booting().Saw(new VmObservation.Reset()).State, new VmEcho.NoLife(1, Outcome.Unavailable("given up")));
        Assert.DoesNotContain(VmTimer.LifeRetry, _hands.Timers.Keys);
        Assert.Equal(new VmObservation.BootOverdue(2, Times.BootTimeout), _hands.Timers[VmTimer.Life].Message);
    }

    private static VmObservation.Seen Seen(VmState state) => new(state.Revision, Behind: true, VmStory.Sight(Power.Running, run: state.Run));

    private void Advance(VmStory before, VmStory after) => _driver.Advance(before.State, after.State);

    private void Unmoved(VmState state, VmObservation observation)
    {
        Assert.Empty(VmObserver.Observe(state, observation));
        _driver.Heard(observation);
        _driver.Unmoved(state, observation);
    }

    /// <summary>Hands that only note what they were told.</summary>
    private sealed class Hands : IVmWorld
    {
        private readonly List<string> _took = [];

        public Dictionary<VmTimer, (object Message, TimeSpan After)> Timers { get; } = [];

        public string? Trouble { get; set; }

        public List<string> Took()
        {
            var took = _took.ToList();
            _took.Clear();
            return took;
        }

        public void Perform(Operation operation, DomainPlan plan, long incarnation) => _took.Add($"perform {operation.Kind}");

        public void Look(long revision, bool behind) => _took.Add("look");

        public void AwaitLife(DomainPlan plan, long incarnation, long wait) => _took.Add($"await life {incarnation}");

        public void AwaitLifeNoMore()
        {
        }

        public void OpenTerminal() => _took.Add("terminal");

        public void StartTimer(VmTimer timer, object message, TimeSpan after) => Timers[timer] = (message, after);

        public void CancelTimer(VmTimer timer) => Timers.Remove(timer);
    }
}
