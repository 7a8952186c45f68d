using System.Security.Cryptography;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;

namespace Hydravisor.Actors.Tests.Hypervisors.Simulated;

public sealed class FileSimulatedHypervisorTests : LiveMoveContract
{
    private readonly TemporaryDirectory _directory = new();

    private SimulatedSettings Settings => field ??= new SimulatedSettings(_directory.Path) { Seed = 1 };

    private protected override IHypervisor Create() => new FileSimulatedHypervisor(Settings, TimeProvider.System);

    private protected override IHypervisor CreateOther() => new FileSimulatedHypervisor(new SimulatedSettings(OtherDirectory) { Seed = 2 }, TimeProvider.System);

    private protected override string DiskOf(bool there) => Path.Combine(there ? OtherDirectory : _directory.Path, "vms", Plan.Id.Value, "disk.qcow2");

    private protected override void Fill(string disk) => File.WriteAllBytes(disk, RandomNumberGenerator.GetBytes(400_000));

    private string OtherDirectory => Path.Combine(_directory.Path, "other");

    private protected override DomainPlan NewPlan() => Samples.Plan();

    private protected override DomainPlan NewAgentPlan() =>
        Samples.Plan() is var plan ? plan with { Image = plan.Image with { Ready = plan.Image.Ready with { Agent = true } } } : null!;

    private protected override Task CleanUpAsync()
    {
        _directory.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Guests_live_on_without_the_process_that_started_them()
    {
        var run = await BootAsync(1);
        await Hypervisor.DisposeAsync();
        await using var next = new FileSimulatedHypervisor(Settings, TimeProvider.System);
        await BegunAsync(next);
        var seen = await next.InspectAsync(Plan.Id);
        Assert.Equal((Power.Running, run), (seen.Value!.Power, seen.Value.Run));
    }

    [Fact]
    public async Task What_others_do_is_told()
    {
        await BootAsync(1);
        var outside = await SimulatedOutside.OpenAsync(Settings with { Seed = 2 }, TimeProvider.System);
        Assert.True(await outside.ActAsync(Plan.Id, OutsideAction.Suspend));
        await ToldAsync(news => news is HypervisorNews.Changed { What: "Paused" });
        Assert.True(await outside.ActAsync(Plan.Id, OutsideAction.Resume));
        Assert.True(await outside.ActAsync(Plan.Id, OutsideAction.GuestReboots));
        await ToldAsync(news => news is HypervisorNews.Rebooted);
        Assert.True(await outside.ActAsync(Plan.Id, OutsideAction.Kill));
        await ToldAsync(news => news is HypervisorNews.Changed { What: "Off" });
        Assert.Equal(OffReason.Crashed, (await SeenAsync()).Off);
        Assert.True(await outside.ActAsync(Plan.Id, OutsideAction.Undefine));
        await ToldAsync(news => news is HypervisorNews.Changed { What: "Missing" });
        Assert.False(await outside.ActAsync(Plan.Id, OutsideAction.Start));
    }

    [Fact]
    public async Task The_operations_log_holds_each_effect_once()
    {
        await BootAsync(1);
        await StartedAsync(1);
        await Done(Hypervisor.RemoveAsync(Plan.Id));
        var outside = await SimulatedOutside.OpenAsync(Settings, TimeProvider.System);
        Assert.Equal(
            ["Node Defined", "Node Started", "Guest ShowedLife", "Node Destroyed", "Node Undefined"],
            outside.Operations.Select(operation => $"{operation.By} {operation.Effect}"));
    }

    [Fact]
    public async Task A_kill_between_a_domains_file_and_the_log_is_mended()
    {
        await BootAsync(1);
        var log = Path.Combine(_directory.Path, "operations.log");
        // The domain's file shows the life first, the log a moment later.
        await Wait.Until(() => File.ReadAllText(log).Contains("ShowedLife", StringComparison.Ordinal), "the log is complete");
        var whole = await File.ReadAllLinesAsync(log);
        await File.WriteAllLinesAsync(log, whole[..^1]);
        var outside = await SimulatedOutside.OpenAsync(Settings, TimeProvider.System);
        Assert.Equal(whole, await File.ReadAllLinesAsync(log));
        await SimulatedOutside.OpenAsync(Settings, TimeProvider.System);
        Assert.Equal(whole.Length, outside.Operations.Count);
    }

    [Fact]
    public async Task The_console_log_shows_the_boot_and_the_sign_of_life()
    {
        await BootAsync(1);
        var file = Hypervisor.ConsoleCommand(Plan.Id)[^1];
        await Wait.Until(() => File.ReadAllText(file).Contains($"hydravisor: ready {Plan.Id}\r\n", StringComparison.Ordinal), "the ready line");
        Assert.StartsWith("[    0.000000] Linux", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removed_domain_leaves_no_file()
    {
        await BootAsync(1);
        await Done(Hypervisor.RemoveAsync(Plan.Id));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path, Plan.Id + "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task While_it_is_down_calls_are_unavailable_and_coming_back_is_told()
    {
        await BootAsync(1);
        var outside = await SimulatedOutside.OpenAsync(Settings, TimeProvider.System);
        outside.GoDown();
        await ToldAsync(news => news is HypervisorNews.Lost);
        Assert.NotNull(Hypervisor.Trouble);
        Assert.Equal(OutcomeKind.Unavailable, (await Hypervisor.InspectAsync(Plan.Id)).Result.Kind);
        Assert.Equal(OutcomeKind.Unavailable, (await Hypervisor.WaitReadyAsync(Plan, 1, CancellationToken.None)).Result.Kind);
        outside.ComeBack();
        await Wait.Until(() => News.Count(news => news is HypervisorNews.Connected) == 2, "it comes back");
        Assert.Equal(Power.Running, (await SeenAsync()).Power);
    }

    [Fact]
    public async Task Faults_come_as_planned()
    {
        var faults = Settings.Faults;
        faults.Plan("Provision", SimulatedFault.Fail);
        Assert.Equal(OutcomeKind.Failed, (await Hypervisor.ProvisionAsync(Plan)).Kind);
        faults.Plan("Provision", SimulatedFault.Unavailable);
        Assert.Equal(OutcomeKind.Unavailable, (await Hypervisor.ProvisionAsync(Plan)).Kind);
        Assert.Equal(Power.Missing, (await SeenAsync()).Power);
        faults.Plan("Provision", SimulatedFault.LoseOutcome);
        Assert.Equal(OutcomeKind.Unavailable, (await Hypervisor.ProvisionAsync(Plan)).Kind);
        Assert.Equal(Power.Off, (await SeenAsync()).Power);
    }

    [Fact]
    public async Task A_call_that_hangs_goes_on_when_it_is_released()
    {
        await Done(Hypervisor.ProvisionAsync(Plan));
        Settings.Faults.Plan("Start", SimulatedFault.Hang);
        var start = Hypervisor.StartAsync(Plan, 1);
        await Wait.For(Settings.Faults.CalledAsync("Start"), "the start begins");
        Assert.Equal(Power.Off, (await SeenAsync()).Power);
        Assert.False(start.IsCompleted);
        Settings.Faults.Release();
        Assert.True((await Wait.For(start, "the start")).IsDone);
    }

    [Fact]
    public async Task A_destroy_overtakes_a_start_that_hangs_which_then_starts_nothing()
    {
        await Done(Hypervisor.ProvisionAsync(Plan));
        Settings.Faults.Plan("Start", SimulatedFault.Hang);
        var start = Hypervisor.StartAsync(Plan, 1);
        await Wait.For(Settings.Faults.CalledAsync("Start"), "the start begins");
        await Done(Hypervisor.DestroyAsync(Plan.Id));
        Settings.Faults.Release();
        Assert.Equal(OutcomeKind.Failed, (await Wait.For(start, "the start")).Result.Kind);
        Assert.Equal(Power.Off, (await SeenAsync()).Power);
    }

    [Fact]
    public async Task A_start_that_is_called_after_a_destroy_waits_for_it()
    {
        await BootAsync(1);
        Settings.Faults.Plan("Destroy", SimulatedFault.Hang);
        var destroy = Hypervisor.DestroyAsync(Plan.Id);
        await Wait.For(Settings.Faults.CalledAsync("Destroy"), "the destroy begins");
        var start = Hypervisor.StartAsync(Plan, 2);
        Settings.Faults.Release();
        Assert.True((await Wait.For(destroy, "the destroy")).IsDone);
        Assert.True((await Wait.For(start, "the start")).IsDone);
        Assert.Equal((Power.Running, 2L), ((await SeenAsync()).Power, (await SeenAsync()).Run));
    }

    [Fact]
    public async Task Two_processes_at_once_lose_nothing()
    {
        await BootAsync(1);
        var outside = await SimulatedOutside.OpenAsync(Settings, TimeProvider.System);
        var before = outside.Operations.Count;
        var others = Enumerable.Range(0, 20).Select(i => outside.ActAsync(Plan.Id, OutsideAction.GuestReboots));
        var own = Enumerable.Range(0, 20).Select(i => Hypervisor.ResetAsync(Plan.Id));
        await Wait.For(Task.WhenAll(others.Cast<Task>().Concat(own)), "forty resets");
        var resets = outside.Operations.Skip(before).Count(operation => operation.Effect == SimulatedEffect.Reset);
        Assert.Equal(40, resets);
        Assert.Equal(40, outside.Domains.Single().Resets);
    }

    private static async Task BegunAsync(FileSimulatedHypervisor hypervisor)
    {
        hypervisor.Begin(_ => { });
        await Wait.Until(() => hypervisor.Trouble is null, "the next process reaches it");
    }
}
