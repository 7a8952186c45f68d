using System.Security.Cryptography;
using CsCheck;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>What a node writes down of what is no event of a VM, as a stranger reads it in the journal.</summary>
public sealed class LedgerTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const string Create = "\"os\":\"tiny\"";
    private static readonly string[] Changes = ["vm/delete", "vm/stop", "vm/suspend", "vm/reboot", "vm/exec"];

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
    public async Task How_a_program_ended_stands_behind_that_it_was_to_be_run()
    {
        var node = await StartNodeAsync();
        await using var connection = await node.ConnectAsync();
        var id = (await connection.AskAsync("""{"type":"vm/create","os":"debian-12"}""")).MustBeOk("vm/create").Id();
        await connection.BroadcastAsync(id, "running");
        (await connection.AskAsync("vm/exec", id, """ "command":"echo out; exit 3","meta":{"request_id":"one"} """)).MustBeOk("vm/exec");
        (await connection.AskAsync("vm/exec", id, """ "argv":["/nowhere/program"],"meta":{"request_id":"two"} """)).MustBeError(422);
        (await connection.AskAsync("vm/exec", id, """ "argv":["/bin/sleep","60"],"timeout_s":1,"meta":{"request_id":"three"} """)).MustBeError(408);

        // That it ended is not waited for.
        var ledger = await Patience.UntilAsync(
            () => Task.FromResult(Ledger(node).Where(each => each.Manifest.StartsWith("ledger.exec", StringComparison.Ordinal)).ToList()),
            found => found.Count == 6,
            found => $"{found.Count} records");
        var pairs = ledger.GroupBy(each => each.Cause.Text("request_id")).ToDictionary(pair => pair.Key!, pair => pair.ToList());
        Assert.All(pairs.Values, pair =>
        {
            Assert.Equal(["ledger.executing.v1", "ledger.executed.v1"], pair.Select(each => each.Manifest));
            Assert.Equal(pair[0].Body.Text("argv_sha256"), pair[1].Body.Text("argv_sha256"));
            Assert.Equal((id, 1), (pair[1].Body.Text("instance_id"), (int)pair[1].Body.Number("incarnation")));
        });
        var ran = pairs["one"][1].Body;
        Assert.Equal(
            (3, 200, 4, 0, Convert.ToHexStringLower(SHA256.HashData("out\n"u8))),
            ((int)ran.Number("exit_code"), (int)ran.Number("code"), (int)ran.Number("stdout_bytes"), (int)ran.Number("stderr_bytes"), ran.Text("stdout_sha256")));
        Assert.Equal([422, 408], new[] { "two", "three" }.Select(name => (int)pairs[name][1].Body.Number("code")));
        Assert.All(new[] { "two", "three" }, name => Assert.False(pairs[name][1].Body.TryGetProperty("exit_code", out _)));
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
        (await auditor.AskAsync(looking, "recording/query", id)).MustBeError(404, "record_session");
        (await auditor.AskAsync(looking, "vm/attach-terminal", id, "\"role\":\"auditor\",\"stream\":true")).MustBeOk("vm/attach-terminal");
        (await auditor.AskAsync(looking, "terminal/detach", id)).MustBeOk("terminal/detach");

        // That it ended is not waited for.
        var ledger = await Patience.UntilAsync(
            () => Task.FromResult(Ledger(node).Where(each => each.Cause.Text("agent") == auditor.Fingerprint).ToList()),
            found => found.Exists(each => each.Manifest == "ledger.detached.v1"),
            found => $"No detach among {found.Count} records.");
        Assert.Equal(
            [("commanded", "vm/list", null), ("commanded", "log/query", id), ("commanded", "recording/query", id), ("attached", null, id), ("commanded", "terminal/detach", id), ("detached", null, id)],
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

    [Fact]
    public async Task Whatever_is_mixed_up_is_denied_and_written_down_and_changes_nothing()
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node", Conf = "hydravisor.policy.roles.sandboxed.limits.messages-per-second = 100000" });
        var (owner, other) = (await SigningAgent.AddAsync(node, "sandboxed"), await SigningAgent.AddAsync(node, "sandboxed"));
        await using var mine = await node.ConnectAsync();
        var id = (await owner.AskAsync(mine, "vm/create", null, Create)).MustBeOk("vm/create").Id();
        await mine.BroadcastAsync(id, "running");
        var revision = (await owner.AskAsync(mine, "vm/state", id, "\"query\":true")).Number("revision");
        var denied = 0;
        await Gen.Select(Gen.Enum<Trick>(), Gen.Int[0, Changes.Length - 1].Select(which => Changes[which]), Gen.Int[0, int.MaxValue]).Array[40].SampleAsync(
            async steps =>
            {
                await using var connection = await node.ConnectAsync();
                foreach (var (trick, type, random) in steps)
                {
                    var requestId = $"r{denied++}";
                    var message = SigningAgent.Message(type, id, "\"argv\":[\"/bin/true\"]", requestId);
                    await connection.SendAsync(await LineAsync(trick, message, random, owner, other, connection));
                    Assert.InRange((await connection.ReplyAsync(requestId)).MustBeError(trick switch { Trick.OthersVm => 404, Trick.OtherRole => 403, _ => 401 }).Number("code"), 401, 404);
                }
            },
            iter: 5,
            threads: 1);
        Assert.Equal(revision, (await owner.AskAsync(mine, "vm/state", id, "\"query\":true")).Number("revision"));
        Assert.Equal(denied, Ledger(node).Count(each => each.Manifest == "ledger.denied.v1"));
    }

    private enum Trick
    {
        Forged,
        Replayed,
        Stale,
        OtherRole,
        OthersKey,
        OthersVm,
    }

    private static async Task<string> LineAsync(Trick trick, string message, int random, SigningAgent owner, SigningAgent other, RawConnection connection)
    {
        switch (trick)
        {
            case Trick.Forged:
                var right = owner.Wrap(message);
                var at = right.IndexOf("\"hmac\":\"", StringComparison.Ordinal) + 8 + (random % 64);
                return right[..at] + (right[at] == '0' ? '1' : '0') + right[(at + 1)..];
            case Trick.Replayed:
                // The nonce of one that was let in.
                var nonce = $"nonce-{random}-{Guid.NewGuid():N}";
                await connection.SendAsync(other.Wrap("{\"type\":\"vm/list\",\"meta\":{\"request_id\":\"first\"}}", nonce: nonce));
                (await connection.ReplyAsync("first")).MustBeOk("vm/list");
                return other.Wrap(message, nonce: nonce);
            case Trick.Stale:
                return owner.Wrap(message, DateTimeOffset.UtcNow.AddSeconds((random % 2 == 0 ? -1 : 1) * (120 + (random % 1000))));
            case Trick.OtherRole:
                return (owner with { Role = random % 2 == 0 ? "trusted" : "audited" }).Wrap(message);
            case Trick.OthersKey:
                return (owner with { Key = other.Key }).Wrap(message);
            default:
                return other.Wrap(message);
        }
    }

    private static IReadOnlyList<JournalEvent> Ledger(NodeUnderTest node) =>
        JournalAudit.Verify(node.Data).Single(stream => stream.Key.StartsWith("ledger|", StringComparison.Ordinal)).Value;
}
