using Hydravisor.Client;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>The node is killed at random instants over real guests.</summary>
public sealed class KillTests(ITestOutputHelper output) : QemuTest(output)
{
    private const int Kills = 10;

    // What is asked of one VM while another is being made, and where it must lead although the node is killed.
    private static readonly (string Name, Func<HydravisorClient, string, Task> Ask, VmPhase Leads, int Boots)[] Steps =
    [
        ("suspend", (client, id) => client.SuspendAsync(id), VmPhase.Suspended, 0),
        ("resume", (client, id) => client.ResumeAsync(id), VmPhase.Running, 0),
        ("reboot", (client, id) => client.RebootAsync(id), VmPhase.Running, 1),
        ("stop", (client, id) => client.StopAsync(id), VmPhase.Stopped, 0),
        ("start", (client, id) => client.StartAsync(id), VmPhase.Running, 1),
    ];

    [Fact]
    public async Task Over_ten_kills_guests_run_on_and_every_acknowledged_request_holds()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        Say.WriteLine($"seed {seed}");
        var node = await StartRealNodeAsync();
        string counting, steered;
        await using (var client = await node.ConnectClientAsync())
        {
            counting = await CreateRunningAsync(client);
            steered = await CreateRunningAsync(client);
        }

        await CountOnConsoleAsync(ConsoleOf(node, counting), counting);
        var (pid, incarnation) = (QemuPid(counting), 1);
        for (var kill = 0; kill < Kills; kill++)
        {
            var (requestId, step) = ($"kill-{kill}", Steps[kill % Steps.Length]);
            var acknowledged = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var work = WorkAsync(node, requestId, acknowledged);
            var id = await acknowledged.Task.InTimeAsync("the create is acknowledged");
            await using (var client = await node.ConnectClientAsync())
            {
                await step.Ask(client, steered);
            }

            // Anywhere from provisioning to the middle of the boot, from the acknowledgement of the step to long after it.
            var instant = random.Next(0, 2500);
            Say.WriteLine($"kill {kill}: {step.Name}, {instant} ms");
            await Task.Delay(instant);
            await node.KillAsync();
            await work;
            Assert.Equal(pid, QemuPid(counting));
            await node.StartAsync();
            await MustHoldAsync(node, requestId, id, counting, steered, (step.Leads, incarnation += step.Boots));
        }

        Assert.Equal(pid, QemuPid(counting));
        await MustHaveCountedAsync(node, counting);
        Assert.DoesNotContain("orphan", node.Output.Tail, StringComparison.Ordinal);
    }

    private static async Task MustHoldAsync(
        NodeUnderTest node, string requestId, string id, string counting, string steered, (VmPhase Phase, long Incarnation) wanted)
    {
        await using var client = await node.ConnectClientAsync();
        Assert.Equal(id, (await client.CreateAsync(Request(requestId))).InstanceId);
        await ReachAsync(client, id, VmPhase.Running);
        Assert.Equal(wanted.Incarnation, (await ReachAsync(client, steered, wanted.Phase, wanted.Incarnation)).Incarnation);
        Assert.Equal((VmPhase.Running, 1), await client.GetStateAsync(counting) is var state ? (state.State, state.Incarnation) : default);
        Assert.Equal(new[] { counting, steered, id }.Order(), (await client.ListAsync()).Select(vm => vm.InstanceId).Order());
        Assert.Equal(
            new[] { Domain(counting), Domain(steered), Domain(id) }.Order(),
            (await DomainsOfAsync(node)).Order());
        await client.DeleteAsync(id);
        await ReachAsync(client, id, VmPhase.Deleted);
        await MustHaveLeftNothingAsync(node, id);
    }

    // As a person would, who types on the serial console.
    private static async Task CountOnConsoleAsync(string log, string id)
    {
        var pty = (await VirshAsync("ttyconsole", Domain(id))).Trim();
        await using var console = new FileStream(pty, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        await console.WriteAsync("i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done\n"u8.ToArray());

        // QEMU looks once a second whether somebody is there, and reads only then. What it says is not read here: the node reads it too, and each byte is one reader's.
        await Patience.UntilAsync(() => File.ReadAllLinesAsync(log), lines => lines.Any(line => line.Trim() == "2"), lines => string.Join('\n', lines.TakeLast(20)));
    }

    private static string ConsoleOf(NodeUnderTest node, string id) => Path.Combine(node.Data, "vms", id, "console.log");

    // A guest that had stood still or begun anew, or a console that had lost something, would show in the numbers.
    private static async Task MustHaveCountedAsync(NodeUnderTest node, string id)
    {
        var lines = await File.ReadAllLinesAsync(ConsoleOf(node, id));
        var numbers = lines.SkipLast(1).Select(line => int.TryParse(line.Trim(), out var number) ? number : 0).Where(number => number > 0).ToList();
        Assert.True(numbers.Count > 10 * Kills, $"It counted to {numbers.Count} only.");
        Assert.Equal(Enumerable.Range(1, numbers.Count), numbers);
    }

    private static VmCreate Request(string requestId) => new() { Os = "tiny", Meta = new MessageMeta { RequestId = requestId } };

    private static async Task WorkAsync(NodeUnderTest node, string requestId, TaskCompletionSource<string> acknowledged)
    {
        try
        {
            await using var client = await node.ConnectClientAsync();
            acknowledged.SetResult((await client.CreateAsync(Request(requestId))).InstanceId);
            await client.WaitForStateAsync(await acknowledged.Task, state => state.State == VmPhase.Deleted);
        }
        catch (HydravisorConnectionException)
        {
            // The node was killed: what was acknowledged before counts.
        }
    }

    // The domains whose files lie in the node's data directory.
    private static async Task<IReadOnlyList<string>> DomainsOfAsync(NodeUnderTest node)
    {
        var names = (await VirshAsync("list", "--all", "--name")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var ours = new List<string>();
        foreach (var name in names.Where(name => name.StartsWith("hydravisor-vm-", StringComparison.Ordinal)))
        {
            var xml = await Run.AnyAsync("virsh", "-q", "-c", "qemu:///system", "dumpxml", name);
            if (xml.Output.Contains(node.Data + "/", StringComparison.Ordinal))
            {
                ours.Add(name);
            }
        }

        return ours;
    }
}
