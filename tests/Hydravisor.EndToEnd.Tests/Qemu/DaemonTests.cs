using System.Globalization;
using Hydravisor.Client;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>The machine's own libvirtd dies under a node with real guests, and comes back.</summary>
public sealed class DaemonTests(ITestOutputHelper output) : QemuTest(output)
{
    private const string PidFile = "/run/libvirtd.pid";

    public override async Task DisposeAsync()
    {
        await StartDaemonAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_libvirtd_killed_and_started_again_costs_503_meanwhile_and_no_guest()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client);
        var pid = QemuPid(id);

        await KillDaemonAsync();
        await node.Output.LineWithAsync("the hypervisor is lost");
        foreach (var change in (Func<Task>[])[() => client.SuspendAsync(id), () => client.DeleteAsync(id), () => client.CreateAsync(new VmCreate { Os = "tiny" })])
        {
            Assert.Equal(ErrorCode.Unavailable, (await Assert.ThrowsAsync<HydravisorException>(change)).Code);
        }

        Assert.Equal(VmPhase.Running, (await client.GetStateAsync(id)).State);
        Assert.Equal(pid, QemuPid(id));

        var said = node.Output.Count;
        await StartDaemonAsync();
        await node.Output.LineWithAsync("the hypervisor is there", said);
        await WhenPossibleAsync(() => client.SuspendAsync(id));
        await ReachAsync(client, id, VmPhase.Suspended);
        await client.ResumeAsync(id);
        await ReachAsync(client, id, VmPhase.Running);
        Assert.Equal(pid, QemuPid(id));
        await client.DeleteAsync(id);
        await ReachAsync(client, id, VmPhase.Deleted);
        await MustHaveLeftNothingAsync(node, id);
    }

    [Fact]
    public async Task What_happens_to_a_guest_while_libvirtd_is_away_is_found_when_it_is_back()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client);
        await KillDaemonAsync();
        await Run.CheckedAsync("kill", "-9", QemuPid(id).ToString(CultureInfo.InvariantCulture));
        await StartDaemonAsync();
        await client.WaitForStateAsync(id, state => state.State == VmPhase.Failed).InTimeAsync("the VM is failed");
        await WhenPossibleAsync(() => client.StartAsync(id));
        await client.WaitForStateAsync(id, state => state is { State: VmPhase.Running, Incarnation: 2 }).InTimeAsync("it runs again");
    }

    [Fact]
    public async Task A_log_loses_nothing_while_libvirtd_is_away()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client);
        await using (var terminal = await client.OpenTerminalAsync(id))
        {
            await terminal.TypeAsync(LogReader.Counting);
        }

        await using var reader = new LogReader(id);
        await reader.UntilAsync(node, entry => entry is { Stream: "guest", Msg: "10" }, "the guest counts");
        await KillDaemonAsync();
        await reader.UntilFurtherAsync(node, 20);
        await StartDaemonAsync();
        await reader.UntilFurtherAsync(node, 20);
        reader.MustBeWhole();
    }

    private static async Task KillDaemonAsync()
    {
        var daemon = int.Parse(await File.ReadAllTextAsync(PidFile), CultureInfo.InvariantCulture);
        await Run.CheckedAsync("kill", "-9", daemon.ToString(CultureInfo.InvariantCulture));
        await UntilAsync("libvirtd is dead", () => Task.FromResult(IsDead(daemon)));
    }

    // An init system may be quicker.
    private static async Task StartDaemonAsync()
    {
        if (!await AnswersAsync() && Directory.Exists("/run/systemd/system"))
        {
            await Run.CheckedAsync("systemctl", "start", "libvirtd.service");
        }
        else if (!await AnswersAsync())
        {
            await Run.CheckedAsync("libvirtd", "-d");
        }

        await UntilAsync("libvirtd answers", AnswersAsync);
    }

    private static async Task<bool> AnswersAsync() => (await Run.AnyAsync("virsh", "-q", "-c", "qemu:///system", "version")).Code == 0;

    // Nobody may have taken notice of its death yet: then it is a zombie.
    private static bool IsDead(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return true;
        }
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, $"Did not come: {what}");
            await Task.Delay(50);
        }
    }

    private static async Task WhenPossibleAsync(Func<Task> ask)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            try
            {
                await ask();
                return;
            }
            catch (HydravisorException e) when (e.Code == ErrorCode.Unavailable && !limit.IsCancellationRequested)
            {
                // Not yet.
            }
        }
    }
}
