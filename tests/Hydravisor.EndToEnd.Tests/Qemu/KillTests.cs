using Hydravisor.Client;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>The node is killed at random instants over real guests.</summary>
public sealed class KillTests(ITestOutputHelper output) : QemuTest(output)
{
    private const int Kills = 10;

    [Fact]
    public async Task Over_ten_kills_guests_run_on_and_every_acknowledged_request_holds()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        Say.WriteLine($"seed {seed}");
        var node = await StartRealNodeAsync();
        string bystander;
        await using (var client = await node.ConnectClientAsync())
        {
            bystander = await CreateRunningAsync(client);
        }

        var pid = QemuPid(bystander);
        for (var kill = 0; kill < Kills; kill++)
        {
            var requestId = $"kill-{kill}";
            var acknowledged = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var work = WorkAsync(node, requestId, acknowledged);
            var id = await acknowledged.Task.InTimeAsync("the create is acknowledged");

            // Anywhere from provisioning to the middle of the boot.
            await Task.Delay(random.Next(0, 2500));
            await node.KillAsync();
            await work;
            Assert.Equal(pid, QemuPid(bystander));
            await node.StartAsync();

            await using var client = await node.ConnectClientAsync();
            Assert.Equal(id, (await client.CreateAsync(Request(requestId))).InstanceId);
            await ReachAsync(client, id, VmPhase.Running);
            Assert.Equal(VmPhase.Running, (await client.GetStateAsync(bystander)).State);
            Assert.Equal(new[] { bystander, id }.Order(), (await client.ListAsync()).Select(vm => vm.InstanceId).Order());
            Assert.Equal(
                new[] { Domain(bystander), Domain(id) }.Order(),
                (await DomainsOfAsync(node)).Order());
            await client.DeleteAsync(id);
            await ReachAsync(client, id, VmPhase.Deleted);
            await MustHaveLeftNothingAsync(node, id);
        }

        Assert.Equal(pid, QemuPid(bystander));
        Assert.DoesNotContain("orphan", node.Output.Tail, StringComparison.Ordinal);
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
