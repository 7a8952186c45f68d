using System.Diagnostics;
using System.Globalization;
using Hydravisor.Client;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>Real guests from create to delete.</summary>
public sealed class LifeTests(ITestOutputHelper output) : QemuTest(output)
{
    [Theory]
    [InlineData("tiny")]
    [InlineData("debian-12")]
    public async Task A_real_guest_lives_through_everything_and_leaves_nothing(string os)
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client, os);
        var pid = QemuPid(id);

        await client.SuspendAsync(id);
        await ReachAsync(client, id, VmPhase.Suspended);
        Assert.Equal("paused", (await VirshAsync("domstate", Domain(id))).Trim());
        await client.ResumeAsync(id);
        await ReachAsync(client, id, VmPhase.Running);

        await client.RebootAsync(id);
        Assert.Equal(2, (await ReachAsync(client, id, VmPhase.Running, incarnation: 2)).Incarnation);
        Assert.Equal(pid, QemuPid(id));

        await client.StopAsync(id);
        await ReachAsync(client, id, VmPhase.Stopped);
        await client.StartAsync(id);
        Assert.Equal(3, (await ReachAsync(client, id, VmPhase.Running, incarnation: 3)).Incarnation);

        await client.DeleteAsync(id);
        await ReachAsync(client, id, VmPhase.Deleted);
        await MustHaveLeftNothingAsync(node, id);
    }

    [Fact]
    public async Task Many_commands_run_at_once_in_a_real_guest_and_each_comes_back_whole()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client, "debian-12");
        var hello = await client.ExecAsync(new VmExec { InstanceId = id, Command = "cat; echo $0 >&2; exit 7", Stdin = "hello" });
        Assert.Equal((7, "hello", "/bin/sh\n", false), (hello.ExitCode, hello.Stdout, hello.Stderr, hello.Truncated));
        var many = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => client.ExecAsync(
            new VmExec { InstanceId = id, Argv = ["/bin/sh", "-c", $"sleep 0.{number % 5}; echo {number}"] })));
        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"{number}\n"), many.Select(reply => reply.Stdout));

        var big = await client.ExecAsync(new VmExec { InstanceId = id, Command = "head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2" });
        Assert.Equal((true, Limits.ExecOutputBytesMax), (big.Truncated, Convert.FromBase64String(big.StdoutB64!).Length));
        var late = await Assert.ThrowsAsync<HydravisorException>(() => client.ExecAsync(new VmExec { InstanceId = id, Command = "sleep 1000 & sleep 1000", TimeoutS = 1 }));
        Assert.Equal(ErrorCode.TimedOut, late.Code);
        Assert.Equal(1, (await client.ExecAsync(new VmExec { InstanceId = id, Command = "pgrep -x sleep" })).ExitCode);
        var none = await Assert.ThrowsAsync<HydravisorException>(() => client.ExecAsync(new VmExec { InstanceId = id, Argv = ["/no/such"] }));
        Assert.Equal(ErrorCode.Impossible, none.Code);
    }

    [Fact]
    public async Task A_guest_finds_who_it_is()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var created = await client.CreateAsync(new VmCreate { Os = "tiny", Model = "ollama:llama3", Meta = new MessageMeta { Name = "who-am-i" } });
        await ReachAsync(client, created.InstanceId, VmPhase.Running);
        var console = await File.ReadAllTextAsync(Path.Combine(node.Data, "vms", created.InstanceId, "console.log"));
        Assert.Contains($"hydravisor: ready {created.InstanceId}", console, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_qemu_killed_from_outside_makes_its_vm_failed_with_the_reason()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client);
        using var libvirt = LibvirtConnection.Open("qemu:///system");
        var told = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var events = libvirt.OnLifecycle(happened =>
        {
            if (happened is { Kind: DomainLifecycleKind.Stopped } && happened.Name == Domain(id))
            {
                told.TrySetResult(Stopwatch.GetTimestamp());
            }
        });
        var failing = client.WaitForStateAsync(id, state => state.State == VmPhase.Failed);
        await Run.CheckedAsync("kill", "-9", QemuPid(id).ToString(CultureInfo.InvariantCulture));
        var failed = await failing.InTimeAsync("the VM is failed");
        var lag = Stopwatch.GetElapsedTime(await told.Task.InTimeAsync("libvirt tells"));
        Say.WriteLine($"failed {lag.TotalMilliseconds:0} ms after libvirt's event");
        Assert.True(lag < TimeSpan.FromSeconds(1), $"It took {lag}.");
        Assert.Contains("QEMU process died", failed.Reason, StringComparison.Ordinal);
        await client.StartAsync(id);
        await ReachStartedAsync(client, id);
    }

    [Fact]
    public async Task What_an_operator_does_with_virsh_is_seen_and_recorded()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client);
        await VirshAsync("suspend", Domain(id));
        Assert.Contains("outside", (await ReachAsync(client, id, VmPhase.Suspended)).Reason, StringComparison.Ordinal);
        await VirshAsync("resume", Domain(id));
        await ReachAsync(client, id, VmPhase.Running);
        await VirshAsync("destroy", Domain(id));
        Assert.Contains("outside", (await ReachAsync(client, id, VmPhase.Stopped)).Reason, StringComparison.Ordinal);
        await VirshAsync("start", Domain(id));
        Assert.Equal(2, (await ReachAsync(client, id, VmPhase.Running, incarnation: 2)).Incarnation);

        var stored = JournalAudit.Verify(node.Data).Values.Single(stream => stream[0].Manifest == "vm.created.v1");
        string[] recorded = ["vm.suspended.v1", "vm.resumed.v1", "vm.stopped.v1", "vm.boot-begun.v1", "vm.guest-ready.v1"];
        var events = stored.SkipWhile(e => e.Manifest != "vm.suspended.v1").ToList();
        Assert.Equal(recorded, events.Select(e => e.Manifest));
        Assert.All(events, e => Assert.True(e.Cause.TryGetProperty("observation", out _) && !e.Cause.TryGetProperty("agent", out _), $"{e.Manifest}: {e.Cause}"));
    }

    private static async Task ReachStartedAsync(HydravisorClient client, string id) =>
        Assert.Equal(
            VmPhase.Running,
            (await client.WaitForStateAsync(id, state => state is { State: VmPhase.Running, Incarnation: 2 })).State);
}
