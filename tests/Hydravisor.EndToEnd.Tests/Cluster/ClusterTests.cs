using System.Globalization;
using System.Net.Sockets;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.EndToEnd.Tests.Cluster;

/// <summary>Three nodes, and links that are really cut.</summary>
[Collection(ClusterTestsCollection.Name)]
public sealed class ClusterTests(ClusterUnderTest cluster) : IAsyncLifetime
{
    /// <inheritdoc/>
    public Task InitializeAsync() => cluster.BeTogetherAsync();

    /// <inheritdoc/>
    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Every_node_serves_the_vms_of_every_other()
    {
        var ids = new List<string>();
        foreach (var node in ClusterUnderTest.Nodes)
        {
            await using var connection = await cluster.ConnectAsync(node);
            ids.Add(await connection.CreateRunningAsync(ClusterUnderTest.At(node)));
        }

        foreach (var (index, id) in ids.Index())
        {
            // Through the node behind its own, while one at the node before it follows.
            await using var through = await cluster.ConnectAsync(ClusterUnderTest.Nodes[(index + 1) % 3]);
            await using var follower = await cluster.ConnectAsync(ClusterUnderTest.Nodes[(index + 2) % 3]);
            await using var near = await cluster.ConnectAsync(ClusterUnderTest.Nodes[index]);
            await near.AskAsync("vm/state", id, "\"subscribe\":true");
            var state = await follower.AskAsync("vm/state", id, "\"subscribe\":true");
            Assert.Equal(("running", ClusterUnderTest.Nodes[index]), (state.Text("state"), state.Text("node")));
            (await through.AskAsync("vm/suspend", id)).MustBeOk("vm/suspend");
            await follower.BroadcastAsync(id, "suspended");
            await near.BroadcastAsync(id, "suspended");
            (await through.AskAsync("vm/resume", id)).MustBeOk("vm/resume");
            await follower.BroadcastAsync(id, "running");
            Assert.Equal("running", (await through.StateAsync(id)).Text("state"));
        }

        foreach (var node in ClusterUnderTest.Nodes)
        {
            await using var connection = await cluster.ConnectAsync(node);
            Assert.Superset(ids.ToHashSet(), await ListAsync(connection));
        }
    }

    [Fact]
    public async Task Who_follows_all_hears_of_vms_on_every_node_and_a_list_has_many_pages()
    {
        const int Vms = 120;
        await using var follower = await cluster.ConnectAsync("node-2");
        await follower.SendAsync("""{"type":"vm/state","instance_id":"*","subscribe":true}""");
        await follower.LineAsync(line => line.Type() == "vm/state" && line.Id() == "*", "the end of the list");
        await using var one = await cluster.ConnectAsync("node-1");
        var ids = new HashSet<string>(await Task.WhenAll(Enumerable.Range(0, Vms).Select(_ => one.CreateAsync(ClusterUnderTest.At("node-1") + ",\"meta\":{\"labels\":{\"of\":\"many\"}}"))));
        foreach (var id in ids)
        {
            await follower.BroadcastAsync(id, "running");
        }

        await using var three = await cluster.ConnectAsync("node-3");
        var listed = (await three.AskAsync("""{"type":"vm/list","labels":{"of":"many"}}""")).GetProperty("instances").EnumerateArray().Select(vm => vm.Id());
        Assert.Equal(ids.Order(), listed.Order());
        await Task.WhenAll(ids.Select(id => three.AskAsync("vm/delete", id)));
        foreach (var id in ids)
        {
            await follower.BroadcastAsync(id, "deleted");
        }
    }

    [Fact]
    public async Task Long_labels_of_many_vms_are_no_message_too_long()
    {
        var labels = string.Join(',', Enumerable.Range(0, 60).Select(number => $"\"k{number}\":\"{new string('é', 250)}\""));
        await using var one = await cluster.ConnectAsync("node-1");
        var ids = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => one.CreateAsync($"\"meta\":{{\"labels\":{{\"of\":\"long\",{labels}}}}}")));
        await using var three = await cluster.ConnectAsync("node-3");
        var listed = (await three.AskAsync("""{"type":"vm/list","labels":{"of":"long"}}""")).GetProperty("instances").EnumerateArray().Select(vm => vm.Id());
        Assert.Equal(ids.Order(), listed.Order());
        await Task.WhenAll(ids.Select(id => one.AskAsync("vm/delete", id)));
    }

    [Fact]
    public async Task What_there_is_not_is_404_everywhere_and_503_where_that_cannot_be_known()
    {
        await using var connection = await cluster.ConnectAsync("node-2");
        (await connection.StateAsync("vm-0000000000aa")).MustBeError(404);
        await cluster.ScriptAsync("database", "kill");
        try
        {
            (await connection.StateAsync("vm-0000000000bb")).MustBeError(503, "cannot be looked up");
        }
        finally
        {
            await cluster.ScriptAsync("database", "start");
        }

        await Patience.UntilAsync(() => connection.StateAsync("vm-0000000000bb"), reply => reply.Number("code") == 404, reply => reply.GetRawText());

        // All is as it was, by itself.
        foreach (var node in ClusterUnderTest.Nodes)
        {
            await using var again = await cluster.ConnectAsync(node);
            await WireSteps.WhenPossibleAsync(() => again.AskAsync("""{"type":"vm/create","os":"tiny"}"""));
        }
    }

    [Fact]
    public async Task A_stranger_at_the_port_for_nodes_gets_nothing()
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"{cluster.AddressOf("node-1")}:7412");
        await Run.AnyAsync("openssl", "s_client", "-ign_eof", "-connect", address);
        await cluster.SaysAsync("node-1", "Mutual TLS required but client did not provide a certificate");
        var other = Path.Combine(cluster.State, "tls", "stranger");
        await Run.CheckedAsync("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=node-2", "-keyout", other + ".key", "-out", other + ".pem");
        await Run.AnyAsync("openssl", "s_client", "-ign_eof", "-connect", address, "-cert", other + ".pem", "-key", other + ".key");
        await cluster.SaysAsync("node-1", "is no node of this cluster: its certificate (CN=node-2) is refused");

        // And all goes on.
        await using var connection = await cluster.ConnectAsync("node-2");
        Assert.NotEmpty((await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").GetRawText());
    }

    [Fact]
    public async Task A_minority_changes_nothing_is_given_up_and_comes_back_to_its_vms_by_itself()
    {
        string id;
        await using (var connection = await cluster.ConnectAsync("node-3"))
        {
            id = await connection.CreateRunningAsync(ClusterUnderTest.At("node-3"));
        }

        try
        {
            await cluster.ScriptAsync("isolate", "node-3");
            await IsGivenUpAsync(id);
        }
        finally
        {
            await cluster.HealAsync();
        }

        await using var again = await cluster.ConnectAsync("node-1");
        await WireSteps.WhenPossibleAsync(() => again.AskAsync("vm/suspend", id));
        Assert.Contains(id, await ListAsync(again));
    }

    [Fact]
    public async Task The_vms_of_a_lost_node_are_unreachable_everywhere_until_it_is_back()
    {
        string id;
        await using (var connection = await cluster.ConnectAsync("node-2"))
        {
            id = await connection.CreateRunningAsync(ClusterUnderTest.At("node-2") + ",\"meta\":{\"labels\":{\"of\":\"lost\"}}");
        }

        await using var one = await cluster.ConnectAsync("node-1");
        await using var three = await cluster.ConnectAsync("node-3");
        await one.AskAsync("vm/state", id, "\"subscribe\":true");
        var before = DateTimeOffset.UtcNow;
        await cluster.ScriptAsync("kill", "node-2");
        var lost = await one.BroadcastAsync(id, "unreachable");
        Assert.Equal(("running", "node-2"), (lost.Text("previous"), lost.Text("node")));
        Assert.Contains("node-2, does not answer", lost.Text("reason"), StringComparison.Ordinal);
        Assert.InRange(lost.GetProperty("since").GetDateTimeOffset(), before, DateTimeOffset.UtcNow);
        var state = await Patience.UntilAsync(() => three.StateAsync(id), state => state.Text("state") == "unreachable", state => state.GetRawText());
        Assert.Equal("node-2", state.Text("node"));
        (await three.AskAsync("vm/suspend", id)).MustBeError(503, "node-2");
        var listed = (await three.AskAsync("""{"type":"vm/list","labels":{"of":"lost"},"state":"unreachable"}""")).GetProperty("instances").EnumerateArray();
        Assert.Equal(id, Assert.Single(listed).Id());
        var node = (await three.AskAsync("""{"type":"node/list"}""")).GetProperty("nodes").EnumerateArray().Single(node => node.Text("name") == "node-2");
        Assert.Contains(node.Text("state"), new[] { "unreachable", "down" });
        (await three.AskAsync("""{"type":"node/cordon","node":"node-2"}""")).MustBeError(503, "the node 'node-2' does not answer");

        await cluster.ScriptAsync("start", "node-2");
        var back = await one.BroadcastAsync(id, "running");
        Assert.Equal("unreachable", back.Text("previous"));
        (await one.AskAsync("vm/suspend", id)).MustBeOk("vm/suspend");
        await one.BroadcastAsync(id, "suspended");
    }

    [Fact]
    public async Task Who_follows_a_vm_hears_that_it_was_deleted_while_its_node_was_out_of_reach()
    {
        await cluster.HealAsync();
        await using var one = await cluster.ConnectAsync("node-1");
        var id = await one.CreateRunningAsync(ClusterUnderTest.At("node-3"));
        await one.AskAsync("vm/state", id, "\"subscribe\":true");
        await using (var three = await cluster.ConnectAsync("node-3"))
        {
            // It does not know yet that it hears nothing of the others.
            await cluster.ScriptAsync("isolate", "node-3");
            (await three.AskAsync("vm/delete", id)).MustBeOk("vm/delete");
        }

        try
        {
            await one.BroadcastAsync(id, "deleted");
        }
        finally
        {
            await cluster.HealAsync();
        }
    }

    [Fact]
    public async Task A_node_that_begins_while_another_is_lost_knows_its_vms()
    {
        string id;
        await using (var connection = await cluster.ConnectAsync("node-2"))
        {
            id = await connection.CreateRunningAsync(ClusterUnderTest.At("node-2"));
        }

        await cluster.ScriptAsync("kill", "node-2");
        await cluster.SaysAsync("node-1", "node node-2 is no member of the cluster any more");
        await cluster.ScriptAsync("stop", "node-3");
        await cluster.ScriptAsync("start", "node-3");
        await using (var fresh = await cluster.ConnectAsync("node-3"))
        {
            await Patience.UntilAsync(() => fresh.StateAsync(id), state => state.Text("state") == "unreachable", state => state.GetRawText());
        }

        await cluster.ScriptAsync("start", "node-2");
        await using var again = await cluster.ConnectAsync("node-3");
        await Patience.UntilAsync(() => again.StateAsync(id), state => state.Text("state") == "running", state => state.GetRawText());
    }

    private async Task IsGivenUpAsync(string id)
    {
        await using (var minority = await cluster.ConnectAsync("node-3"))
        await using (var majority = await cluster.ConnectAsync("node-1"))
        {
            await Patience.UntilAsync(
                () => minority.AskAsync("vm/start", id), reply => reply.Number("code") == 503, reply => $"The minority goes on: {reply.GetRawText()}");
            (await minority.AskAsync("vm/suspend", id)).MustBeError(503, "of the 3 nodes of its cluster");
            Assert.Equal("running", (await minority.StateAsync(id)).Text("state"));
            await Patience.UntilAsync(
                () => majority.AskAsync("vm/suspend", id), reply => reply.Type() == "mcp/error" && reply.Number("code") == 503, reply => reply.GetRawText());
            await majority.CreateRunningAsync();
        }

        await cluster.SaysAsync("node-1", "node node-3 writes no more in its epoch");
        await cluster.SaysAsync("node-3", "it begins anew");

        // It serves by itself, and waits for the others instead of beginning a cluster of its own. The process that was given up may still answer for a moment.
        await Patience.UntilAsync(
            () => RefusalOfTheAloneAsync(id), said => said.Contains("has not joined its cluster yet", StringComparison.Ordinal), said => $"node-3 says: {said}\n{cluster.Tail()}");
    }

    private async Task<string> RefusalOfTheAloneAsync(string id)
    {
        await using var alone = await cluster.TryConnectAsync("node-3");
        try
        {
            return alone is null ? "" : (await alone.AskAsync("vm/suspend", id)).GetRawText();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return "";
        }
    }

    private static async Task<HashSet<string>> ListAsync(RawConnection connection) =>
        [.. (await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").EnumerateArray().Select(vm => vm.Id())];
}
