using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.EndToEnd.Tests.Cluster;

/// <summary>What becomes of VMs whose node is lost and that do not want to wait for it.</summary>
[Collection(ClusterTestsCollection.Name)]
public sealed class NodeLossTests(ClusterUnderTest cluster) : IAsyncLifetime
{
    private const string Restart = ",\"on_node_loss\":\"restart\"";

    /// <inheritdoc/>
    public Task InitializeAsync() => cluster.BeTogetherAsync();

    /// <inheritdoc/>
    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_vm_that_asks_for_it_is_started_anew_elsewhere_and_the_lost_node_destroys_its_own_when_it_is_back()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        await using var two = await cluster.ConnectAsync("node-2");
        var (moving, waiting, asleep) = (await OnThreeAsync(one, Restart), await OnThreeAsync(one, ""), await OnThreeAsync(one, Restart));
        await one.BringAsync("vm/suspend", asleep, "suspended");
        foreach (var connection in new[] { one, two })
        {
            await connection.AskAsync("vm/state", moving, "\"subscribe\":true");
        }

        await cluster.ScriptAsync("kill", "node-3");
        try
        {
            foreach (var connection in new[] { one, two })
            {
                await connection.BroadcastAsync(moving, "unreachable");
                var running = await connection.BroadcastAsync(moving, "running");
                Assert.Equal((2L, "restart"), (running.Number("incarnation"), running.Text("on_node_loss")));
                Assert.Contains(running.Text("node"), new[] { "node-1", "node-2" });
            }

            // It is a VM like any other, through both nodes; the others wait.
            await two.BringAsync("vm/suspend", moving, "suspended");
            await one.BringAsync("vm/resume", moving, "running");
            Assert.Equal(("unreachable", "unreachable"), ((await one.StateAsync(waiting)).Text("state"), (await two.StateAsync(asleep)).Text("state")));
            Assert.Single(await ListAsync(one), id => id == moving);
        }
        finally
        {
            await cluster.ScriptAsync("start", "node-3");
        }

        await cluster.SaysAsync("node-3", $"{moving} was started anew on");
        await using var three = await cluster.ConnectAsync("node-3");
        foreach (var id in new[] { waiting, asleep })
        {
            await Patience.UntilAsync(() => three.StateAsync(id), state => state.Text("node") == "node-3" && state.Text("state") != "unreachable", state => state.GetRawText());
        }

        await Patience.UntilAsync(() => Task.FromResult(Directory.Exists(FilesOf("node-3", moving))), exists => !exists, _ => "What the lost node had of the VM is still there.");
        Assert.NotEqual("node-3", (await three.StateAsync(moving)).Text("node"));
        Assert.Single(await ListAsync(three), id => id == moving);
        await WireSteps.WhenPossibleAsync(() => three.AskAsync("vm/suspend", moving));
        await cluster.MustBeVerifiedAsync();
        foreach (var id in new[] { moving, waiting, asleep })
        {
            await WireSteps.WhenPossibleAsync(() => three.AskAsync("vm/delete", id));
        }
    }

    [Fact]
    public async Task A_node_that_was_cut_off_destroys_what_the_others_started_anew_and_does_so_by_itself()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        var id = await OnThreeAsync(one, Restart);
        await one.AskAsync("vm/state", id, "\"subscribe\":true");
        try
        {
            await cluster.ScriptAsync("isolate", "node-3");
            var running = await one.BroadcastAsync(id, "running");
            Assert.Equal((2L, true), (running.Number("incarnation"), running.Text("node") != "node-3"));
        }
        finally
        {
            await cluster.HealAsync();
        }

        await cluster.SaysAsync("node-3", $"{id} was started anew on");
        await Patience.UntilAsync(() => Task.FromResult(Directory.Exists(FilesOf("node-3", id))), exists => !exists, _ => "What the lost node had of the VM is still there.");
        await WireSteps.WhenPossibleAsync(() => one.AskAsync("vm/delete", id));
        await one.BroadcastAsync(id, "deleted");
    }

    private static Task<string> OnThreeAsync(RawConnection connection, string more) => connection.CreateRunningAsync(ClusterUnderTest.At("node-3") + more);

    private static async Task<List<string>> ListAsync(RawConnection connection) =>
        [.. (await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").EnumerateArray().Select(vm => vm.Id())];

    private string FilesOf(string node, string id) => Path.Combine(cluster.State, node, "vms", id);
}
