using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Faults;

/// <summary>The hypervisor goes away and comes back.</summary>
public class HypervisorDownTests(ITestOutputHelper output) : EndToEndTest(output)
{
    [Fact]
    public async Task While_it_is_away_changes_are_503_and_reads_go_on_and_then_all_goes_on()
    {
        var node = await StartNodeAsync();
        await using var connection = await node.ConnectAsync();
        var id = await connection.CreateRunningAsync();
        var world = await SimulatedWorld.OfAsync(node);
        world.GoDown();
        await node.Output.LineWithAsync("the hypervisor is lost");
        await MustRefuseChangesAsync(connection, id);
        world.ComeBack();
        await node.Output.LineWithAsync("the hypervisor is there", node.Output.Count - 1);
        await WireSteps.WhenPossibleAsync(() => connection.AskAsync("vm/suspend", id));
        await connection.BroadcastAsync(id, "suspended");
        await connection.CreateRunningAsync();
    }

    [Fact]
    public async Task A_node_that_starts_without_it_serves_reads_and_takes_up_its_work_when_it_comes()
    {
        var node = await StartNodeAsync();
        var id = await DoAsync(node, connection => connection.CreateRunningAsync());
        var stopping = await DoAsync(node, async connection =>
        {
            var deaf = await connection.CreateRunningAsync("""  "meta":{"labels":{"simulated-guest":"deaf"}} """);
            await connection.BringAsync("vm/stop", deaf, "stopping");
            return deaf;
        });
        var world = await SimulatedWorld.OfAsync(node);
        await node.KillAsync();
        world.GoDown();
        await node.StartAsync();
        await using var connection = await node.ConnectAsync();
        await MustRefuseChangesAsync(connection, id);
        Assert.Equal("stopping", (await connection.AskAsync("vm/state", stopping, "\"subscribe\":true")).Text("state"));
        world.ComeBack();
        await WireSteps.WhenPossibleAsync(() => connection.AskAsync("vm/stop", stopping, "\"force\":true"));
        await connection.BroadcastAsync(stopping, "stopped");
        await WireSteps.WhenPossibleAsync(() => connection.AskAsync("vm/reboot", id));
    }

    private static async Task MustRefuseChangesAsync(RawConnection connection, string id)
    {
        string[] changes = ["vm/suspend", "vm/resume", "vm/reboot", "vm/stop", "vm/start", "vm/delete"];
        foreach (var change in changes)
        {
            (await connection.AskAsync(change, id)).MustBeError(503, "hypervisor");
        }

        (await connection.AskAsync("""{"type":"vm/create","os":"tiny"}""")).MustBeError(503, "hypervisor");
        Assert.Equal("running", (await connection.StateAsync(id)).Text("state"));
        (await connection.AskAsync("""{"type":"vm/list","state":"running"}""")).MustBeOk("vm/list");
    }
}
