using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.EndToEnd.Tests.Cluster;

/// <summary>New VMs find their node, whoever is asked.</summary>
[Collection(ClusterTestsCollection.Name)]
public sealed class PlacementTests(ClusterUnderTest cluster) : IAsyncLifetime
{
    /// <inheritdoc/>
    public Task InitializeAsync() => cluster.BeTogetherAsync();

    /// <summary>Whatever failed, all nodes take VMs again.</summary>
    public Task DisposeAsync() => cluster.ResumeAsync();

    [Fact]
    public async Task New_vms_are_spread_over_the_nodes()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        var ids = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => one.CreateAsync(Labelled("spread"))));
        foreach (var id in ids)
        {
            // Who created it follows it, wherever it is.
            await one.BroadcastAsync(id, "running");
        }

        var perNode = (await ListAsync(one, "spread")).GroupBy(vm => vm.Text("node")!).ToDictionary(node => node.Key, node => node.Count());
        Assert.Equal(3, perNode.Count);
        Assert.All(perNode.Values, count => Assert.InRange(count, 1, 8));
        await DeleteAsync(one, ids);
    }

    [Fact]
    public async Task One_request_through_all_nodes_at_once_is_one_vm()
    {
        var connections = await Task.WhenAll(ClusterUnderTest.Nodes.Select(node => cluster.ConnectAsync(node)));
        for (var round = 0; round < 10; round++)
        {
            var meta = $"\"meta\":{{\"request_id\":\"same-{round}\",\"labels\":{{\"of\":\"same\"}}}}";
            var ids = await Task.WhenAll(connections.Select(connection => connection.CreateAsync(meta)));
            Assert.Single(ids.Distinct());
        }

        var all = await ListAsync(connections[0], "same");
        Assert.Equal(10, all.Count);

        // What two nodes began and one gave up leaves no room taken: the registry of each has just its own.
        await DeleteAsync(connections[0], [.. all.Select(vm => vm.Id())]);
        foreach (var connection in connections)
        {
            await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_name_is_one_vms_over_all_nodes()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        var id = await one.CreateRunningAsync(ClusterUnderTest.At("node-1") + ",\"meta\":{\"name\":\"the-one\"}");
        await using var two = await cluster.ConnectAsync("node-2");
        (await two.AskAsync(Creating(ClusterUnderTest.At("node-2") + ",\"meta\":{\"name\":\"the-one\"}"))).MustBeError(409, $"the name 'the-one' is taken by {id}");
        await DeleteAsync(one, [id]);
        var next = await two.CreateRunningAsync(ClusterUnderTest.At("node-2") + ",\"meta\":{\"name\":\"the-one\"}");
        await DeleteAsync(two, [next]);
    }

    [Fact]
    public async Task Where_no_node_has_room_each_says_what_is_short()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        var none = (await one.AskAsync("""{"type":"vm/create","os":"tiny","ram":"256GB"}""")).MustBeError(507, "no node has room");
        Assert.All(ClusterUnderTest.Nodes, node => Assert.Contains($"{node}: 256GB of memory were asked for and ", none.Text("message"), StringComparison.Ordinal));
        (await one.AskAsync("""{"type":"vm/create","os":"beos"}""")).MustBeError(422, "os 'beos' is not an image of any node; there are: ");
        (await one.AskAsync("""{"type":"vm/create","os":"tiny","placement":{"node":"node-9"}}""")).MustBeError(422, "placement.node 'node-9' is not a node that is there; there are: node-1, node-2, node-3");
        (await one.AskAsync("""{"type":"vm/create","os":"tiny","placement":{"node_labels":{"zone":"9"}}}""")).MustBeError(422, "it does not bear zone=9");
        (await one.AskAsync("""{"type":"vm/create","os":"tiny","placement":{"node_labels":["zone"]}}""")).MustBeError(400, "placement.node_labels is an array; it must be an object of strings");
    }

    [Fact]
    public async Task Vms_that_keep_apart_are_on_different_nodes_and_the_fourth_finds_none()
    {
        const string Apart = "\"placement\":{\"anti_affinity\":{\"of\":\"apart\"}},\"meta\":{\"labels\":{\"of\":\"apart\"}}";
        await using var one = await cluster.ConnectAsync("node-1");
        var ids = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => one.CreateAsync(Apart)));
        Assert.Equal(ClusterUnderTest.Nodes, (await ListAsync(one, "apart")).Select(vm => vm.Text("node")).Order());
        (await one.AskAsync(Creating(Apart))).MustBeError(507, "of which placement.anti_affinity keeps it apart");
        await DeleteAsync(one, ids);
    }

    [Fact]
    public async Task A_request_whose_node_is_lost_is_answered_when_it_is_back_and_never_made_twice()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        var meta = ClusterUnderTest.At("node-3") + ",\"meta\":{\"request_id\":\"lost-1\"}";
        var id = await one.CreateRunningAsync(meta);
        await cluster.ScriptAsync("kill", "node-3");
        var again = Creating(meta);
        await Patience.UntilAsync(() => one.AskAsync(again), reply => reply.Number("code") == 503, reply => reply.GetRawText());

        // Others are made meanwhile.
        await DeleteAsync(one, [await one.CreateRunningAsync()]);
        await cluster.ScriptAsync("start", "node-3");
        var back = await WireSteps.WhenPossibleAsync(() => one.AskAsync(again));
        Assert.Equal(id, back.Id());
        await WireSteps.WhenPossibleAsync(() => one.AskAsync("vm/delete", id));
        await one.BroadcastAsync(id, "deleted");
    }

    [Fact]
    [Covers("node/list", "node/cordon", "node/resume")]
    public async Task A_node_that_is_cordoned_through_another_gets_no_new_vms_until_it_is_resumed()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        (await one.AskAsync("""{"type":"node/cordon","node":"node-3","reason":"a disk is to be changed"}""")).MustBeOk("node/cordon");
        await using var two = await cluster.ConnectAsync("node-2");
        var nodes = (await two.AskAsync("""{"type":"node/list"}""")).MustBeOk("node/list").GetProperty("nodes").EnumerateArray().ToList();
        Assert.Equal([("node-1", "up", false), ("node-2", "up", false), ("node-3", "up", true)], nodes.Select(node => (node.Text("name"), node.Text("state"), node.TryGetProperty("cordon", out _))));
        var ids = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => two.CreateAsync(Labelled("cordon"))));
        Assert.DoesNotContain(await ListAsync(one, "cordon"), vm => vm.Text("node") == "node-3");
        (await one.AskAsync(Creating(ClusterUnderTest.At("node-3")))).MustBeError(507, "it is cordoned since ");
        (await one.AskAsync("""{"type":"node/resume","node":"node-9"}""")).MustBeError(422, "node 'node-9' is not a node that is there; there are: node-1, node-2, node-3");
        (await two.AskAsync("""{"type":"node/resume","node":"node-3"}""")).MustBeOk("node/resume");
        await DeleteAsync(one, [.. ids, await one.CreateRunningAsync(ClusterUnderTest.At("node-3"))]);
    }

    private static string Creating(string more) => "{\"type\":\"vm/create\",\"os\":\"tiny\"," + more + "}";

    private static string Labelled(string of) => $"\"meta\":{{\"labels\":{{\"of\":\"{of}\"}}}}";

    private static async Task<IReadOnlyList<JsonElement>> ListAsync(RawConnection connection, string of) =>
        [.. (await connection.AskAsync("{\"type\":\"vm/list\",\"labels\":{\"of\":\"" + of + "\"}}")).GetProperty("instances").EnumerateArray()];

    private static async Task DeleteAsync(RawConnection connection, IReadOnlyList<string> ids)
    {
        foreach (var id in ids)
        {
            await connection.AskAsync("vm/state", id, "\"subscribe\":true");
            (await connection.AskAsync("vm/delete", id)).MustBeOk("vm/delete");
            await connection.BroadcastAsync(id, "deleted");
        }
    }
}
