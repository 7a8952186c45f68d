using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;

namespace Hydravisor.Actors.Tests.Hypervisors.Simulated;

public sealed class SimulatedDomainsTests
{
    private static readonly SimulatedGuest Guest = new(BootTime: TimeSpan.FromSeconds(2), FollowTime: TimeSpan.FromSeconds(1));
    private readonly SimulatedDomains _domains = new(Guest);

    [Fact]
    public void A_guest_shows_life_after_its_boot_time()
    {
        Boot();
        Assert.False(_domains.IsReady(Samples.Id, 1, At(1.9)));
        Assert.True(_domains.IsReady(Samples.Id, 1, At(2)));
        Assert.False(_domains.IsReady(Samples.Id, 2, At(2)));
    }

    [Fact]
    public void A_guest_makes_no_progress_while_it_is_paused()
    {
        Boot();
        _domains.Suspend(Samples.Id, At(1));
        Assert.False(_domains.IsReady(Samples.Id, 1, At(10)));
        _domains.Resume(Samples.Id, At(10));
        Assert.False(_domains.IsReady(Samples.Id, 1, At(10.9)));
        Assert.True(_domains.IsReady(Samples.Id, 1, At(11)));
    }

    [Fact]
    public void A_guest_powers_off_some_time_after_it_was_asked()
    {
        Boot();
        _domains.Shutdown(Samples.Id, At(3));
        Assert.Equal(Power.Running, _domains.Inspect(Samples.Id, At(3.9)).Power);
        Assert.Equal(OffReason.Shutdown, _domains.Inspect(Samples.Id, At(4)).Off);
    }

    [Fact]
    public void A_deaf_guest_does_nothing_that_it_is_asked_for()
    {
        Boot("deaf");
        _domains.Shutdown(Samples.Id, At(3));
        _domains.Reboot(Samples.Id, At(3));
        Assert.Equal(Power.Running, _domains.Inspect(Samples.Id, At(1000)).Power);
        Assert.DoesNotContain(_domains.News, news => news is HypervisorNews.Rebooted);
    }

    [Fact]
    public void A_silent_guest_never_shows_life()
    {
        Boot("silent");
        Assert.False(_domains.IsReady(Samples.Id, 1, At(1000)));
        Assert.Equal(Power.Running, _domains.Inspect(Samples.Id, At(1000)).Power);
    }

    [Fact]
    public void A_frail_guest_powers_off_instead_of_showing_life()
    {
        Boot("frail");
        Assert.Equal(OffReason.Shutdown, _domains.Inspect(Samples.Id, At(2)).Off);
    }

    [Fact]
    public void A_start_for_a_boot_that_is_over_is_refused()
    {
        Boot();
        _domains.Start(Samples.Id, 3, At(1));
        Assert.Equal(OutcomeKind.Failed, _domains.Start(Samples.Id, 2, At(2)).Result.Kind);
        Assert.Equal(2, _domains.Inspect(Samples.Id, At(2)).Run);
    }

    [Fact]
    public void Calls_that_find_all_as_it_should_be_are_not_in_the_log()
    {
        Boot();
        var effects = _domains.Log.Count;
        _domains.Provision(Samples.Plan(), At(0));
        _domains.Start(Samples.Id, 1, At(0));
        _domains.Resume(Samples.Id, At(0));
        _domains.MarkBoot(Samples.Id, 1, At(0));
        Assert.Equal(effects, _domains.Log.Count);
    }

    [Fact]
    public void A_line_of_the_log_is_read_back_as_it_was()
    {
        Boot();
        Assert.All(_domains.Log, operation => Assert.Equal(operation, SimulatedOperation.Parse(operation.ToLine())));
        Assert.Throws<FormatException>(() => SimulatedOperation.Parse("once upon a time there was"));
    }

    private static DateTimeOffset At(double seconds) => Samples.Noon + TimeSpan.FromSeconds(seconds);

    private void Boot(string? guest = null)
    {
        _domains.Provision(Samples.Plan(guest: guest), At(0));
        Assert.True(_domains.Start(Samples.Id, 1, At(0)).IsDone);
    }
}
