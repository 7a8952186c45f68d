using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>What a node writes down of what is no event of a VM, as a stranger reads it in the journal.</summary>
public sealed class LedgerTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const string Create = "\"os\":\"tiny\"";

    [Fact]
    public async Task Every_denial_stands_in_the_ledger_with_who_what_and_the_rule()
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node" });
        var (agent, other) = (await SigningAgent.AddAsync(node, "sandboxed"), await SigningAgent.AddAsync(node, "sandboxed"));
        await using var stranger = await node.ConnectAsync();
        (await stranger.AskAsync("""{"type":"vm/list"}""")).MustBeError(401);
        await using var mine = await node.ConnectAsync();
        var id = (await agent.AskAsync(mine, "vm/create", null, Create)).MustBeOk("vm/create").Id();
        await using var others = await node.ConnectAsync();
        (await other.AskAsync(others, "vm/delete", id)).MustBeError(404);
        (await (other with { Role = "trusted" }).AskAsync(others, "vm/list")).MustBeError(403);
        (await (other with { Key = agent.Key }).AskAsync(others, "vm/list")).MustBeError(401);

        var denied = Ledger(node).Where(each => each.Manifest == "ledger.denied.v1").ToList();
        Assert.Equal(
            [("vm/list", null, 401, null), ("vm/delete", id, 404, null), (null, null, 403, other.Fingerprint), (null, null, 401, other.Fingerprint)],
            denied.Select(each => (each.Body.Text("type"), each.Body.Text("instance_id"), (int)each.Body.Number("code"), each.Body.Text("claimed_agent"))));
        Assert.Equal((other.Fingerprint, "sandboxed"), (denied[1].Cause.Text("agent"), denied[1].Cause.Text("role")));
        Assert.All(denied, each => Assert.Equal(64, each.Cause.Text("policy")!.Length));
    }

    [Fact]
    public async Task Who_looks_on_in_an_audited_role_is_seen_looking()
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node" });
        var (agent, auditor) = (await SigningAgent.AddAsync(node, "sandboxed"), await SigningAgent.AddAsync(node, "audited"));
        await using var mine = await node.ConnectAsync();
        var id = (await agent.AskAsync(mine, "vm/create", null, Create)).MustBeOk("vm/create").Id();
        await mine.BroadcastAsync(id, "running");
        await using var looking = await node.ConnectAsync();
        (await auditor.AskAsync(looking, "vm/list")).MustBeOk("vm/list");
        Assert.Equal("model/log", (await auditor.AskAsync(looking, "log/query", id)).Type());
        (await auditor.AskAsync(looking, "vm/attach-terminal", id, "\"role\":\"auditor\",\"stream\":true")).MustBeOk("vm/attach-terminal");
        (await auditor.AskAsync(looking, "terminal/detach", id)).MustBeOk("terminal/detach");

        // That it ended is not waited for.
        var ledger = await Patience.UntilAsync(
            () => Task.FromResult(Ledger(node).Where(each => each.Cause.Text("agent") == auditor.Fingerprint).ToList()),
            found => found.Exists(each => each.Manifest == "ledger.detached.v1"),
            found => $"No detach among {found.Count} records.");
        Assert.Equal(
            [("commanded", "vm/list", null), ("commanded", "log/query", id), ("attached", null, id), ("commanded", "terminal/detach", id), ("detached", null, id)],
            ledger.Select(each => (each.Manifest.Split('.')[1], each.Body.Text("type"), each.Body.Text("instance_id"))));
        Assert.All(ledger, each => Assert.StartsWith("roles.audited.allow", each.Cause.Text("rule"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Starts_stops_policies_and_agents_stand_in_the_ledger_also_what_changed_while_no_node_ran()
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node" });
        await node.SignalAsync("TERM");
        Assert.Equal(0, await node.ExitAsync());
        var agent = await SigningAgent.AddAsync(node, "trusted", "late");
        await File.WriteAllTextAsync(Path.Combine(node.Data, "hydravisor.conf"), "hydravisor.policy.skew = 30s");
        await node.StartAsync();
        await node.KillAndStartAsync();
        await using var connection = await node.ConnectAsync();
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");

        var ledger = Ledger(node);
        Assert.Equal(
            ["policy-in-force", "node-started", "node-stopped", "policy-in-force", "agent-changed", "node-started", "node-started"],
            ledger.Select(each => each.Manifest.Split('.')[1]));
        var changed = ledger.Single(each => each.Manifest == "ledger.agent-changed.v1");
        Assert.Equal((agent.Fingerprint, "Added", "late"), (changed.Body.Text("agent"), changed.Body.Text("change"), changed.Body.Text("name")));
        Assert.DoesNotContain(Convert.ToBase64String(agent.Key), changed.Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_follows_no_more_logs_than_its_role_lets_it_over_all_its_connections()
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node", Conf = "hydravisor.policy.roles.sandboxed.limits.log-subscriptions = 1" });
        var agent = await SigningAgent.AddAsync(node, "sandboxed");
        await using var first = await node.ConnectAsync();
        await using var second = await node.ConnectAsync();
        var ids = new List<string>();
        for (var number = 0; number < 2; number++)
        {
            ids.Add((await agent.AskAsync(first, "vm/create", null, Create)).MustBeOk("vm/create").Id());
            await first.BroadcastAsync(ids[number], "running");
        }

        (await agent.AskAsync(first, "log/subscribe", ids[0])).MustBeOk("log/subscribe");
        (await agent.AskAsync(first, "log/subscribe", ids[0])).MustBeOk("log/subscribe");
        (await agent.AskAsync(second, "log/subscribe", ids[1])).MustBeError(429, "1 logs");
        (await agent.AskAsync(first, "log/unsubscribe", ids[0])).MustBeOk("log/unsubscribe");
        (await agent.AskAsync(second, "log/subscribe", ids[1])).MustBeOk("log/subscribe");
        await second.DisposeAsync();
        await Patience.UntilAsync(() => agent.AskAsync(first, "log/subscribe", ids[0]), reply => reply.Type() == "log/subscribe", reply => reply.GetRawText());
        Assert.All(
            Ledger(node).Where(each => each.Manifest == "ledger.denied.v1"),
            each => Assert.Equal("roles.sandboxed.limits.log-subscriptions", each.Cause.Text("rule")));
    }

    private static IReadOnlyList<JournalEvent> Ledger(NodeUnderTest node) =>
        JournalAudit.Verify(node.Data).Single(stream => stream.Key.StartsWith("ledger|", StringComparison.Ordinal)).Value;
}
