using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Libvirt;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

/// <summary>What people and accidents do to real guests, as the port tells it.</summary>
[Collection(QemuCollection.Name)]
public sealed class QemuGuestTests : IAsyncLifetime
{
    private readonly LiveHandles _before = LibvirtHandles.Live;
    private readonly QemuNode _node = new();
    private readonly List<HypervisorNews> _news = [];
    private readonly DomainPlan _plan = QemuNode.NewPlan();
    private readonly LibvirtConnection _operator = LibvirtConnection.Open(QemuNode.Uri);
    private LibvirtHypervisor _hypervisor = null!;

    public async Task InitializeAsync()
    {
        _hypervisor = _node.NewHypervisor();
        await BeginAsync(_hypervisor);
    }

    public async Task DisposeAsync()
    {
        using (var left = _operator.FindByUuid(DomainPlan.DomainUuid(_plan.Id)))
        {
            if (left is { IsActive: true })
            {
                left.Destroy(DomainDestroyFlags.None);
            }

            left?.Undefine(DomainUndefineFlags.Everything);
        }

        await _hypervisor.DisposeAsync();
        _operator.Dispose();
        _node.Dispose();
        await Wait.Until(() => LibvirtHandles.Live == _before, "nothing native stays behind");
    }

    [Fact]
    public async Task A_killed_QEMU_is_a_crash_and_is_told()
    {
        await StartAsync(1);
        using (var qemu = Process.GetProcessById(ProcessId()))
        {
            qemu.Kill();
        }

        await ToldAsync("Stopped");
        Assert.Equal((Power.Off, OffReason.Crashed, 0L), await SeenAsync());
    }

    [Fact]
    public async Task What_an_operator_does_is_told_and_seen()
    {
        var run = await StartAsync(1);
        Operator(domain => domain.Suspend());
        await ToldAsync("Suspended");
        Assert.Equal((Power.Paused, OffReason.Unknown, run), await SeenAsync());
        Operator(domain => domain.Resume());
        await ToldAsync("Resumed");
        Operator(domain => domain.Destroy(DomainDestroyFlags.None));
        await ToldAsync("Stopped");
        Assert.Equal((Power.Off, OffReason.Destroyed, 0L), await SeenAsync());
        Operator(domain => domain.Create(DomainCreateFlags.None));
        await ToldAsync("Started");
        var (power, _, again) = await SeenAsync();
        Assert.Equal(Power.Running, power);
        Assert.NotEqual(run, again);
        await Done(_hypervisor.MarkBootAsync(_plan.Id, 2));
        Assert.Equal("console", await AliveAsync(_plan, 2));
    }

    [Fact]
    public async Task A_boot_that_nobody_saw_begin_is_found_alive()
    {
        await StartAsync(1);
        await AliveAsync(_plan, 1);
        await _hypervisor.DisposeAsync();
        Operator(domain => domain.Destroy(DomainDestroyFlags.None));
        Operator(domain => domain.Create(DomainCreateFlags.None));
        var console = VmPaths.Of(_node.Settings.VmsDirectory, _plan.Id).ConsoleLog;
        await Wait.Until(() => Count(File.ReadAllText(console), "hydravisor: ready") == 2, "the guest is up again");

        _hypervisor = _node.NewHypervisor();
        await BeginAsync(_hypervisor);
        await Done(_hypervisor.MarkBootAsync(_plan.Id, 2));

        Assert.Equal("console", await AliveAsync(_plan, 2));
    }

    [Fact]
    public async Task A_run_has_the_same_number_for_every_process_that_looks()
    {
        var run = await StartAsync(1);
        await using var other = _node.NewHypervisor();
        await BeginAsync(other);
        Assert.Equal(run, (await other.InspectAsync(_plan.Id)).Value!.Run);
        Assert.Equal(run, (await other.ListAsync()).Value!.Single(seen => seen.Id == _plan.Id).Run);
    }

    [Fact]
    public async Task A_domain_that_lost_our_mark_is_not_touched()
    {
        await StartAsync(1);
        Mark(null, DomainAffects.Live | DomainAffects.Config);
        await RefusedAsync("is not ours");
        Assert.Equal(OutcomeKind.Failed, (await _hypervisor.InspectAsync(_plan.Id)).Result.Kind);
        Assert.DoesNotContain((await _hypervisor.ListAsync()).Value!, seen => seen.Id == _plan.Id);
        Operator(domain => Assert.True(domain.IsActive));
    }

    [Fact]
    public async Task A_domain_of_another_node_is_seen_with_its_owner_and_not_touched()
    {
        await StartAsync(1);
        Mark($"<domain instance='{_plan.Id}' node='node-2'/>", DomainAffects.Live | DomainAffects.Config);
        await RefusedAsync("belongs to the node 'node-2'");
        Assert.Equal("node-2", (await _hypervisor.InspectAsync(_plan.Id)).Value!.Owner);
        Operator(domain => Assert.True(domain.IsActive));
    }

    [Fact]
    public async Task The_first_line_on_the_log_port_is_a_sign_of_life()
    {
        var quiet = _plan with { Image = _plan.Image with { Ready = new ReadySignal(null, Agent: false) } };
        await StartAsync(1);
        await AliveAsync(_plan, 1);
        var paths = VmPaths.Of(_node.Settings.VmsDirectory, _plan.Id);
        using var reader = Fifo.TryOpen(paths.GuestLogPipeOut)!;
        using var limit = new CancellationTokenSource(Wait.Limit);
        var waiting = _hypervisor.WaitReadyAsync(quiet, 1, limit.Token);

        var pty = "";
        Operator(domain => pty = XElement.Parse(domain.GetXml(DomainXmlFlags.None)).Descendants("console").First().Attribute("tty")!.Value);
        // Kept open: QEMU looks once a second whether somebody is there, and reads only then.
        await using var console = new FileStream(pty, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        await console.WriteAsync("echo hello > /dev/virtio-ports/org.hydravisor.log.0\n"u8.ToArray(), limit.Token);

        Assert.Equal("log", (await Wait.For(waiting, "the sign")).Value);
        Assert.Equal("hello\n", await File.ReadAllTextAsync(paths.GuestLog));
        var received = new byte[64];
        Assert.Equal("hello\n", Encoding.UTF8.GetString(received.AsSpan(0, reader.Read(received, received.Length))));
    }

    [Fact]
    public async Task QEMU_owns_its_guests_disk_and_nothing_that_others_boot()
    {
        await Done(_hypervisor.ProvisionAsync(_plan with { DiskBytes = 1 << 20 }));
        Assert.True((await _hypervisor.StartAsync(_plan with { DiskBytes = 1 << 20 }, 1)).IsDone);
        await AliveAsync(_plan, 1);
        var paths = VmPaths.Of(_node.Settings.VmsDirectory, _plan.Id);
        var qemu = QemuUser.Of(_operator.GetCapabilities(), _node.Settings.VirtType)!;

        foreach (var shared in new[] { GuestImages.Tiny.KernelPath!, GuestImages.Tiny.InitrdPath! })
        {
            Assert.Equal("0", Stat("%u", File.ResolveLinkTarget(shared, returnFinalTarget: true)!.FullName));
        }

        Assert.Equal(("0", "711"), (Stat("%u", paths.Directory), Stat("%a", paths.Directory)));
        Assert.Equal((qemu.Label, "600"), (Stat("+%u:+%g", paths.Disk), Stat("%a", paths.Disk)));
        Assert.Equal(($"+0:+{qemu.Group}", "640"), (Stat("+%u:+%g", paths.Instance), Stat("%a", paths.Instance)));
        Assert.Equal($"{qemu.User}", Stat("%u", $"/proc/{ProcessId()}"));
    }

    [Fact]
    public async Task A_wedged_guest_stops_nobody_else_and_a_destroy_overtakes()
    {
        await using var hypervisor = new LibvirtHypervisor(
            _node.Settings with { CallLimit = TimeSpan.FromSeconds(5) }, GuestImages.Find, TimeProvider.System);
        await BeginAsync(hypervisor);
        await StartAsync(1);
        var process = ProcessId();
        Signal("STOP", process);
        var suspending = hypervisor.SuspendAsync(_plan.Id);
        var clock = Stopwatch.StartNew();
        Assert.Equal(Power.Running, (await hypervisor.InspectAsync(_plan.Id)).Value!.Power);
        Assert.True((await hypervisor.CapacityAsync()).IsDone);
        Assert.True(clock.Elapsed < _node.Settings.ReadLimit);
        Assert.False(suspending.IsCompleted);
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(suspending, "the suspend that hangs")).Kind);
        Assert.Equal(1, hypervisor.StuckCalls);
        Assert.Equal(OutcomeKind.Unavailable, (await hypervisor.ResumeAsync(_plan.Id)).Kind);

        // The destroy ends a stopped process by SIGKILL: it is of no use to it, and takes libvirt longer than our limit here.
        var destroying = _hypervisor.DestroyAsync(_plan.Id);

        Assert.True((await Wait.For(destroying, "the destroy")).IsDone);
        await Wait.Until(() => hypervisor.StuckCalls == 0, "the suspend ends with its domain");
        Assert.Equal(Power.Off, (await hypervisor.InspectAsync(_plan.Id)).Value!.Power);
    }

    [Fact]
    public async Task A_definition_of_another_release_is_written_anew_at_the_next_start()
    {
        await Done(_hypervisor.ProvisionAsync(_plan));
        var before = "";
        Operator(domain => before = DomainMark.Read(domain)!.Generation);
        Mark($"<domain instance='{_plan.Id}' node='{_plan.Node}' generation='older'/>", DomainAffects.Config);
        Assert.True((await _hypervisor.StartAsync(_plan, 1)).IsDone);
        Operator(domain => Assert.Equal(before, DomainMark.Read(domain)!.Generation));
    }

    private static int Count(string text, string part) => (text.Length - text.Replace(part, "", StringComparison.Ordinal).Length) / part.Length;

    private static async Task Done(Task<Outcome> call)
    {
        var outcome = await Wait.For(call, "the call returns");
        Assert.True(outcome.IsDone, outcome.Reason);
    }

    private static string Stat(string format, string file)
    {
        var start = new ProcessStartInfo("stat", ["-c", format, file]) { RedirectStandardOutput = true };
        using var stat = Process.Start(start)!;
        return stat.StandardOutput.ReadToEnd().Trim();
    }

    private static void Signal(string signal, int process)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private async Task BeginAsync(LibvirtHypervisor hypervisor)
    {
        hypervisor.Begin(news =>
        {
            lock (_news)
            {
                _news.Add(news);
            }
        });
        await Wait.Until(() => hypervisor.Trouble is null, "libvirt is reached");
    }

    private async Task<long> StartAsync(long incarnation)
    {
        await Done(_hypervisor.ProvisionAsync(_plan));
        var started = await Wait.For(_hypervisor.StartAsync(_plan, incarnation), "the start returns");
        Assert.True(started.IsDone, started.Result.Reason);
        return started.Value;
    }

    private async Task<string?> AliveAsync(DomainPlan plan, long incarnation)
    {
        using var limit = new CancellationTokenSource(Wait.Limit);
        var sign = await _hypervisor.WaitReadyAsync(plan, incarnation, limit.Token);
        Assert.True(sign.IsDone, sign.Result.Reason);
        return sign.Value;
    }

    private async Task<(Power Power, OffReason Off, long Run)> SeenAsync()
    {
        var seen = await _hypervisor.InspectAsync(_plan.Id);
        Assert.True(seen.IsDone, seen.Result.Reason);
        return (seen.Value!.Power, seen.Value.Off, seen.Value.Run);
    }

    private async Task RefusedAsync(string reason)
    {
        Outcome[] outcomes =
        [
            await _hypervisor.SuspendAsync(_plan.Id),
            await _hypervisor.ResetAsync(_plan.Id),
            await _hypervisor.ShutdownAsync(_plan.Id),
            await _hypervisor.MarkBootAsync(_plan.Id, 2),
            (await _hypervisor.StartAsync(_plan, 2)).Result,
            await _hypervisor.ProvisionAsync(_plan),
            await _hypervisor.DestroyAsync(_plan.Id),
            await _hypervisor.RemoveAsync(_plan.Id),
        ];
        Assert.All(outcomes, outcome =>
        {
            Assert.Equal(OutcomeKind.Failed, outcome.Kind);
            Assert.Contains(reason, outcome.Reason, StringComparison.Ordinal);
        });
    }

    private Task ToldAsync(string what) => Wait.Until(
        () =>
        {
            lock (_news)
            {
                return _news.Contains(new HypervisorNews.Changed(_plan.Id, what));
            }
        },
        $"the news that the domain {what}");

    private void Operator(Action<LibvirtDomain> act)
    {
        using var domain = _operator.FindByUuid(DomainPlan.DomainUuid(_plan.Id));
        act(domain!);
    }

    private void Mark(string? mark, DomainAffects affects) =>
        Operator(domain => domain.SetMetadata(mark, "hydravisor", DomainMark.Namespace, affects));

    private int ProcessId() =>
        int.Parse(File.ReadAllText($"/run/libvirt/qemu/{DomainPlan.DomainName(_plan.Id)}.pid"), CultureInfo.InvariantCulture);
}
