using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Tests.Hypervisors;

/// <summary>What every form of <see cref="IHypervisor"/> must do. A form's tests inherit it.</summary>
public abstract class HypervisorContract : IAsyncLifetime
{
    private readonly ConcurrentQueue<HypervisorNews> _news = new();
    private IHypervisor? _hypervisor;

    internal IHypervisor Hypervisor => _hypervisor!;

    internal DomainPlan Plan { get; private set; } = null!;

    internal IReadOnlyCollection<HypervisorNews> News => _news;

    /// <summary>A new hypervisor, not begun.</summary>
    private protected abstract IHypervisor Create();

    /// <summary>A plan whose guest boots, shows life, and does what it is asked for.</summary>
    private protected abstract DomainPlan NewPlan();

    /// <summary>A plan whose guest has an agent too.</summary>
    private protected abstract DomainPlan NewAgentPlan();

    /// <summary>Removes what a test left behind.</summary>
    private protected abstract Task CleanUpAsync();

    public async Task InitializeAsync()
    {
        _hypervisor = Create();
        Plan = NewPlan();
        Assert.NotNull(Hypervisor.Trouble);
        Hypervisor.Begin(_news.Enqueue);
        await Wait.Until(() => _news.Any(news => news is HypervisorNews.Connected), "the hypervisor is reached");
        Assert.Null(Hypervisor.Trouble);
    }

    public async Task DisposeAsync()
    {
        await Hypervisor.RemoveAsync(Plan.Id);
        await Hypervisor.DisposeAsync();
        await CleanUpAsync();
    }

    [Fact]
    public async Task A_domain_that_was_never_made_is_missing()
    {
        Assert.Equal(Sighting.NotThere(Plan.Id), await SeenAsync());
        Assert.DoesNotContain(await ListedAsync(), sighting => sighting.Id == Plan.Id);
    }

    [Fact]
    public async Task Capacity_is_what_a_machine_can_have()
    {
        var capacity = await Hypervisor.CapacityAsync();
        Assert.True(capacity.IsDone, capacity.Result.Reason);
        Assert.True(capacity.Value is { Cpus: > 0, RamBytes: > 0, DiskBytes: > 0, DiskFreeBytes: > 0 });
    }

    [Fact]
    public async Task A_provisioned_domain_is_off_bears_its_owner_and_is_listed()
    {
        await Done(Hypervisor.ProvisionAsync(Plan));
        var seen = await SeenAsync();
        Assert.Equal((Power.Off, 0L, Plan.Node), (seen.Power, seen.Run, seen.Owner));
        Assert.Contains(seen, await ListedAsync());
    }

    [Fact]
    public async Task Provisioning_twice_is_provisioning_once()
    {
        await Done(Hypervisor.ProvisionAsync(Plan));
        await Done(Hypervisor.ProvisionAsync(Plan));
        Assert.Single(await ListedAsync(), sighting => sighting.Id == Plan.Id);
    }

    [Fact]
    public async Task A_domain_of_another_node_is_not_taken_over()
    {
        await Done(Hypervisor.ProvisionAsync(Plan));
        var other = await Hypervisor.ProvisionAsync(Plan with { Node = Plan.Node + "-other" });
        Assert.Equal(OutcomeKind.Failed, other.Kind);
        Assert.Contains(Plan.Node, other.Reason, StringComparison.Ordinal);
        Assert.Equal(Plan.Node, (await SeenAsync()).Owner);
    }

    [Fact]
    public async Task A_started_guest_shows_life()
    {
        var run = await BootAsync(1);
        var seen = await SeenAsync();
        Assert.Equal((Power.Running, run), (seen.Power, seen.Run));
        Assert.NotEqual(0, run);
    }

    [Fact]
    public async Task Starting_twice_for_one_boot_is_starting_once()
    {
        var run = await BootAsync(1);
        Assert.Equal(run, await StartedAsync(1));
        Assert.Equal(run, (await SeenAsync()).Run);
    }

    [Fact]
    public async Task Starting_for_the_next_boot_ends_the_run_before_it()
    {
        var first = await BootAsync(1);
        var second = await StartedAsync(2);
        Assert.NotEqual(first, second);
        Assert.Equal(second, (await SeenAsync()).Run);
        await AliveAsync(2);
    }

    [Fact]
    public async Task A_domain_that_is_missing_cannot_be_started()
    {
        var started = await Hypervisor.StartAsync(Plan, 1);
        Assert.Equal(OutcomeKind.Failed, started.Result.Kind);
        Assert.NotEqual("", started.Result.Reason);
    }

    [Fact]
    public async Task Waiting_for_life_ends_when_it_is_given_up()
    {
        await BootAsync(1);
        using var given = new CancellationTokenSource();
        var waiting = Hypervisor.WaitReadyAsync(Plan, 2, given.Token);
        Assert.False(waiting.IsCompleted);
        await given.CancelAsync();
        Assert.False((await Wait.For(waiting, "the end of the waiting")).IsDone);
    }

    [Fact]
    public async Task A_suspended_domain_is_paused_and_runs_on_when_resumed()
    {
        var run = await BootAsync(1);
        await Done(Hypervisor.SuspendAsync(Plan.Id));
        await Done(Hypervisor.SuspendAsync(Plan.Id));
        Assert.Equal((Power.Paused, run), ((await SeenAsync()).Power, (await SeenAsync()).Run));
        await Done(Hypervisor.ResumeAsync(Plan.Id));
        await Done(Hypervisor.ResumeAsync(Plan.Id));
        Assert.Equal((Power.Running, run), ((await SeenAsync()).Power, (await SeenAsync()).Run));
    }

    [Fact]
    public async Task A_domain_that_is_off_can_be_neither_suspended_nor_resumed_nor_reset_nor_rebooted()
    {
        await Done(Hypervisor.ProvisionAsync(Plan));
        Assert.Equal(OutcomeKind.Failed, (await Hypervisor.SuspendAsync(Plan.Id)).Kind);
        Assert.Equal(OutcomeKind.Failed, (await Hypervisor.ResumeAsync(Plan.Id)).Kind);
        Assert.Equal(OutcomeKind.Failed, (await Hypervisor.ResetAsync(Plan.Id)).Kind);
        Assert.Equal(OutcomeKind.Failed, (await Hypervisor.RebootAsync(Plan.Id)).Kind);
    }

    [Fact]
    public async Task A_guest_that_is_asked_to_power_off_does_and_that_is_told()
    {
        await BootAsync(1);
        await Done(Hypervisor.ShutdownAsync(Plan.Id));
        await Wait.Until(async () => (await SeenAsync()).Power == Power.Off, "the guest is off");
        Assert.Equal(OffReason.Shutdown, (await SeenAsync()).Off);
        await ToldAsync(news => news is HypervisorNews.Changed changed && changed.Id == Plan.Id);
        await Done(Hypervisor.ShutdownAsync(Plan.Id));
    }

    [Fact]
    public async Task A_reset_guest_boots_again_in_the_same_run_and_that_is_told()
    {
        var run = await BootAsync(1);
        await Done(Hypervisor.ResetAsync(Plan.Id));
        await ToldAsync(news => news is HypervisorNews.Rebooted rebooted && rebooted.Id == Plan.Id);
        await Done(Hypervisor.MarkBootAsync(Plan.Id, 2));
        await Done(Hypervisor.MarkBootAsync(Plan.Id, 2));
        await AliveAsync(2);
        Assert.Equal(run, (await SeenAsync()).Run);
    }

    [Fact]
    public async Task Marking_a_boot_that_a_start_began_changes_nothing()
    {
        await BootAsync(1);
        await Done(Hypervisor.MarkBootAsync(Plan.Id, 1));
        await AliveAsync(1);
        await Done(Hypervisor.MarkBootAsync(Plan.Id, 0));
        await AliveAsync(1);
    }

    [Fact]
    public async Task A_guest_that_is_asked_to_reboot_does_and_that_is_told()
    {
        var run = await BootAsync(1);
        await Done(Hypervisor.RebootAsync(Plan.Id));
        await ToldAsync(news => news is HypervisorNews.Rebooted rebooted && rebooted.Id == Plan.Id);
        Assert.Equal(run, (await SeenAsync()).Run);
    }

    [Fact]
    public async Task A_destroyed_domain_is_off_and_can_be_started_again()
    {
        await BootAsync(1);
        await Done(Hypervisor.DestroyAsync(Plan.Id));
        var seen = await SeenAsync();
        Assert.Equal((Power.Off, OffReason.Destroyed, 0L), (seen.Power, seen.Off, seen.Run));
        await Done(Hypervisor.DestroyAsync(Plan.Id));
        await StartedAsync(2);
        await AliveAsync(2);
    }

    [Fact]
    public async Task A_removed_domain_is_missing_and_removing_it_again_is_done()
    {
        await BootAsync(1);
        await Done(Hypervisor.RemoveAsync(Plan.Id));
        Assert.Equal(Power.Missing, (await SeenAsync()).Power);
        await Done(Hypervisor.RemoveAsync(Plan.Id));
        await Done(Hypervisor.DestroyAsync(Plan.Id));
    }

    [Fact]
    public async Task What_was_called_before_a_removal_leaves_nothing_behind_it()
    {
        await Done(Hypervisor.ProvisionAsync(Plan));
        var earlier = new Task[] { Hypervisor.StartAsync(Plan, 1), Hypervisor.ProvisionAsync(Plan), Hypervisor.StartAsync(Plan, 2) };
        await Done(Hypervisor.RemoveAsync(Plan.Id));
        await Wait.For(Task.WhenAll(earlier), "the calls before the removal");
        Assert.Equal(Power.Missing, (await SeenAsync()).Power);
    }

    [Fact]
    public async Task What_was_called_before_a_destroy_starts_nothing_behind_it()
    {
        await BootAsync(1);
        await Done(Hypervisor.DestroyAsync(Plan.Id));
        var earlier = new Task[] { Hypervisor.StartAsync(Plan, 2), Hypervisor.StartAsync(Plan, 3) };
        await Done(Hypervisor.DestroyAsync(Plan.Id));
        await Wait.For(Task.WhenAll(earlier), "the calls before the destroy");
        Assert.Equal(Power.Off, (await SeenAsync()).Power);
    }

    [Fact]
    public void The_console_command_is_an_argument_array_that_names_a_program()
    {
        var command = Hypervisor.ConsoleCommand(Plan.Id);
        Assert.NotEmpty(command);
        Assert.DoesNotContain(command[0], c => char.IsWhiteSpace(c));
    }

    private protected static async Task Done(Task<Outcome> call)
    {
        var outcome = await Wait.For(call, "the call returns");
        Assert.True(outcome.IsDone, outcome.Reason);
    }

    private protected async Task<long> StartedAsync(long boot)
    {
        var started = await Wait.For(Hypervisor.StartAsync(Plan, boot), "the start returns");
        Assert.True(started.IsDone, started.Result.Reason);
        return started.Value;
    }

    private protected async Task AliveAsync(long boot)
    {
        using var limit = new CancellationTokenSource(Wait.Limit);
        var sign = await Hypervisor.WaitReadyAsync(Plan, boot, limit.Token);
        Assert.True(sign.IsDone, sign.Result.Reason);
        Assert.Contains(sign.Value, (string[])["console", "agent", "log"]);
    }

    [Fact]
    public async Task A_guest_with_an_agent_runs_programs_and_says_how_they_went()
    {
        Plan = NewAgentPlan();
        await BootAsync(1);

        var said = Assert.IsType<GuestExit.Ended>(await ExecuteAsync(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"]));
        Assert.Equal((3, "out\n", "err\n", false), (said.Code, Text(said.Output), Text(said.Errors), said.Truncated));

        // No shell looks at the arguments, and bytes are bytes.
        var echo = Assert.IsType<GuestExit.Ended>(await ExecuteAsync(["/bin/echo", "$HOME; `id`", "*"]));
        Assert.Equal((0, "$HOME; `id` *\n"), (echo.Code, Text(echo.Output)));
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(each => (byte)each)];
        Assert.Equal(bytes, Assert.IsType<GuestExit.Ended>(await ExecuteAsync(["/bin/cat"], bytes)).Output);
        var cut = Assert.IsType<GuestExit.Ended>(await ExecuteAsync(["/bin/cat"], bytes, max: 10));
        Assert.Equal((10, true), (cut.Output.Length, cut.Truncated));

        Assert.IsType<GuestExit.NotStarted>(await ExecuteAsync(["/nowhere/program"]));
        Assert.IsType<GuestExit.TimedOut>(await ExecuteAsync(["/bin/sleep", "60"], limit: TimeSpan.FromMilliseconds(300)));

        var many = await Task.WhenAll(Enumerable.Range(0, 12).Select(number => ExecuteAsync(["/bin/echo", $"{number}"])));
        Assert.Equal(Enumerable.Range(0, 12).Select(number => $"{number}\n"), many.Select(exit => Text(Assert.IsType<GuestExit.Ended>(exit).Output)));
    }

    [Fact]
    public async Task A_guest_without_an_agent_runs_none_and_one_that_is_off_starts_none()
    {
        await BootAsync(1);
        Assert.IsType<GuestExit.NoAgent>(await ExecuteAsync(["/bin/echo"]));
        await Done(Hypervisor.DestroyAsync(Plan.Id));
        Assert.IsNotType<GuestExit.Ended>(await ExecuteAsync(["/bin/echo"]));
    }

    [Fact]
    public async Task What_is_typed_arrives_in_order_and_nowhere_when_the_domain_is_off()
    {
        await BootAsync(1);
        var typed = await Task.WhenAll(new[] { "echo type", "d-in-o", "rder\r" }.Select(each => Hypervisor.TypeAsync(Plan.Id, System.Text.Encoding.ASCII.GetBytes(each))).ToList());
        Assert.All(typed, one => Assert.True(one.IsDone, one.Reason));
        await Wait.Until(async () => (await File.ReadAllTextAsync(Hypervisor.LogsOf(Plan.Id).Console)).Contains("echo typed-in-order\r\n", StringComparison.Ordinal), "the echo");
        await Done(Hypervisor.DestroyAsync(Plan.Id));
        Assert.False((await Hypervisor.TypeAsync(Plan.Id, new byte[] { 1 })).IsDone);
    }

    private static string Text(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);

    private async Task<GuestExit> ExecuteAsync(string[] argv, byte[]? stdin = null, TimeSpan? limit = null, int max = 4096)
    {
        var command = new GuestCommand(argv, stdin, limit ?? Wait.Limit, max);
        var outcome = await Wait.For(Hypervisor.ExecuteAsync(Plan.Id, command), string.Join(' ', argv));
        Assert.True(outcome.IsDone, outcome.Result.Reason);
        return outcome.Value!;
    }

    private protected async Task<long> BootAsync(long boot)
    {
        await Done(Hypervisor.ProvisionAsync(Plan));
        var run = await StartedAsync(boot);
        await AliveAsync(boot);
        return run;
    }

    private protected async Task<Sighting> SeenAsync()
    {
        var seen = await Hypervisor.InspectAsync(Plan.Id);
        Assert.True(seen.IsDone, seen.Result.Reason);
        return seen.Value!;
    }

    private protected async Task<IReadOnlyList<Sighting>> ListedAsync()
    {
        var list = await Hypervisor.ListAsync();
        Assert.True(list.IsDone, list.Result.Reason);
        return list.Value!;
    }

    private protected Task ToldAsync(Func<HypervisorNews, bool> news) => Wait.Until(() => _news.Any(news), "the news");
}
