using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.EndToEnd.Tests.Cluster;

/// <summary>An agent is the same on all nodes: what is said of it through one holds on each.</summary>
[Collection(ClusterTestsCollection.Name)]
public sealed class SharedAgentTests(ClusterUnderTest cluster) : IAsyncLifetime
{
    /// <inheritdoc/>
    public Task InitializeAsync() => cluster.BeTogetherAsync();

    /// <inheritdoc/>
    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task An_agent_added_at_one_node_is_granted_at_all_and_a_rotated_one_by_both_keys_until_it_is_revoked()
    {
        var agent = await AddAsync("node-1", "everywhere");
        var connections = new List<RawConnection>();
        try
        {
            foreach (var node in ClusterUnderTest.Nodes)
            {
                connections.Add(await GrantedAsync(node, agent));
            }

            var rotated = SigningAgent.Of(await VerbAsync("node-2", "rotate", "everywhere", "-o", "json"), "trusted");
            await using (await GrantedAsync("node-3", rotated))
            {
                (await agent.AskAsync(connections[2], "vm/list")).MustBeOk("vm/list");
            }

            await VerbAsync("node-3", "revoke", "everywhere");
            foreach (var connection in connections)
            {
                var end = await connection.LineAsync(line => line.Type() == "mcp/authorize" && !line.Flag("granted"), "the end of the grant");
                Assert.Contains("revoked", end.Text("message"), StringComparison.Ordinal);
                (await agent.AskAsync(connection, "vm/list")).MustBeError(401);
                (await rotated.AskAsync(connection, "vm/list")).MustBeError(401);
            }
        }
        finally
        {
            foreach (var connection in connections)
            {
                await connection.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_freeze_at_one_node_suspends_the_VMs_of_the_agent_at_all()
    {
        var agent = await AddAsync("node-1", "wild");
        await using var connection = await GrantedAsync("node-1", agent);
        var ids = new List<string>();
        foreach (var node in ClusterUnderTest.Nodes)
        {
            ids.Add((await agent.AskAsync(connection, "vm/create", null, "\"os\":\"tiny\"," + ClusterUnderTest.At(node))).MustBeOk("vm/create").Id());
            await connection.BroadcastAsync(ids[^1], "running");
        }

        var frozen = JsonDocument.Parse(await VerbAsync("node-1", "freeze", "wild", "-o", "json")).RootElement;

        Assert.True(frozen.Flag("all_stand_still") && frozen.Flag("node_runs"), frozen.GetRawText());
        Assert.Equal(ids.Order(), frozen.GetProperty("vms").EnumerateArray().Select(vm => vm.Id()).Order());
        await using var two = await cluster.ConnectAsync("node-2");
        foreach (var id in ids)
        {
            Assert.Equal("suspended", (await two.AskAsync("vm/state", id, "\"query\":true")).Text("state"));
            (await two.AskAsync("vm/resume", id)).MustBeError(409, "frozen");
        }

        (await agent.AskAsync(two, "vm/list")).MustBeError(401, "frozen");
        await VerbAsync("node-2", "thaw", "wild");
        await using var three = await GrantedAsync("node-3", agent);

        // Its own node may hear of it a moment later.
        await WireSteps.WhenPossibleAsync(() => agent.AskAsync(three, "vm/resume", ids[1]), alsoFor: 409);
        foreach (var id in ids)
        {
            (await agent.AskAsync(three, "vm/delete", id)).MustBeOk("vm/delete");
        }

        await VerbAsync("node-1", "revoke", "wild");
    }

    private async Task<SigningAgent> AddAsync(string node, string name) =>
        SigningAgent.Of(await VerbAsync(node, "add", "--role", "trusted", "--name", name, "-o", "json"), "trusted");

    // By the settings that the node has: scripts/cluster gives them to it in its environment.
    private Task<string> VerbAsync(string node, params string[] arguments) => Run.CheckedAsync(
        "env",
        ["HYDRAVISOR_POSTGRESQL=" + cluster.DatabaseUri, Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "agent", .. arguments, "--data", Path.Combine(cluster.State, node)]);

    // A node hears of what was changed at another by its next look.
    private async Task<RawConnection> GrantedAsync(string node, SigningAgent agent)
    {
        await using (var asking = await cluster.ConnectAsync(node))
        {
            await Patience.UntilAsync(() => agent.AskAsync(asking, "vm/list"), reply => reply.Type() == "vm/list", reply => $"{node}: {reply.GetRawText()}");
        }

        // Of one's own, on which nothing was denied before.
        var connection = await cluster.ConnectAsync(node);
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");
        return connection;
    }
}
