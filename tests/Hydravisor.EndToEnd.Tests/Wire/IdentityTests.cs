using System.Text;
using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Agents that show who they are, on the production profile, which has nobody for strangers.</summary>
public sealed class IdentityTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const string Create = "\"os\":\"tiny\"";

    [Fact]
    [Covers("mcp/authorize")]
    public async Task A_signed_message_is_answered_by_a_grant_once_and_then_by_its_reply()
    {
        var node = await StartSecureNodeAsync();
        var agent = await SigningAgent.AddAsync(node, "trusted", "ci-bot");
        await using var connection = await node.ConnectAsync();
        await connection.SendAsync(agent.Wrap(SigningAgent.Message("vm/create", null, Create, "r1")));
        var grant = await connection.NextAsync();
        Assert.Equal("mcp/authorize", grant.Type());
        Assert.True(grant.Flag("granted"));
        Assert.Equal(agent.Fingerprint, grant.Text("agent_fingerprint"));
        Assert.Equal("trusted", grant.Text("role"));
        Assert.Contains("vm/create", grant.GetProperty("permissions").EnumerateArray().Select(type => type.GetString()));
        (await connection.ReplyAsync("r1")).MustBeOk("vm/create");

        // Bare messages act with it from now on: this is the node's own machine.
        (await connection.AskAsync("""{"type":"vm/list"}""")).MustBeOk("vm/list");
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");
        Assert.DoesNotContain(connection.Unread, line => line.Type() == "mcp/authorize");
    }

    [Fact]
    public async Task A_line_that_was_sent_before_is_denied_on_every_connection_and_after_a_kill()
    {
        var node = await StartSecureNodeAsync();
        var agent = await SigningAgent.AddAsync(node, "trusted");
        var line = agent.Wrap(SigningAgent.Message("vm/create", null, Create, "once"));
        await using (var connection = await node.ConnectAsync())
        {
            await connection.SendAsync(line);
            (await connection.ReplyAsync("once")).MustBeOk("vm/create");
            await connection.SendAsync(line);
            (await connection.ReplyAsync("once")).MustBeError(401, "nonce");
        }

        await MustBeDeniedAsync(node, line, "nonce");
        await node.KillAndStartAsync();
        await MustBeDeniedAsync(node, line, "nonce");
        await using var after = await node.ConnectAsync();
        Assert.Single((await agent.AskAsync(after, "vm/list")).GetProperty("instances").EnumerateArray());
    }

    [Fact]
    public async Task What_was_changed_on_the_way_or_is_not_of_now_is_denied_and_changes_nothing()
    {
        var node = await StartSecureNodeAsync();
        var agent = await SigningAgent.AddAsync(node, "sandboxed");
        var other = await SigningAgent.AddAsync(node, "trusted");
        var message = SigningAgent.Message("vm/create", null, Create, "forged");
        var right = agent.Wrap(message);
        foreach (var (line, says) in new[]
        {
            (right.Replace("tiny", "tinY", StringComparison.Ordinal), "not signed"),
            (right.Replace("\"sandboxed\"", "\"trusted\"", StringComparison.Ordinal), "not signed"),
            (right.Replace(agent.Fingerprint, other.Fingerprint, StringComparison.Ordinal), "not signed"),
            (right.Replace(agent.Fingerprint, new string('0', 64), StringComparison.Ordinal), "not signed"),
            (right.Replace("\"message\":{", "\"message\": {", StringComparison.Ordinal).Replace("{\"type\"", "{ \"type\"", StringComparison.Ordinal), "not signed"),
            ((agent with { Key = other.Key }).Wrap(message), "not signed"),
            (agent.Wrap(message, DateTimeOffset.UtcNow.AddMinutes(-2)), "timestamp"),
            (agent.Wrap(message, DateTimeOffset.UtcNow.AddMinutes(2)), "timestamp"),
        })
        {
            await MustBeDeniedAsync(node, line, says);
        }

        await using (var connection = await node.ConnectAsync())
        {
            await connection.SendAsync((agent with { Role = "trusted" }).Wrap(message));
            Assert.Equal(403, (await connection.NextAsync()).Number("code"));
            (await connection.ReplyAsync("forged")).MustBeError(403, "trusted", "sandboxed");
        }

        Assert.Empty((await SimulatedWorld.OfAsync(node)).Domains);
        var written = await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(node.Data, "logs")).Single());
        Assert.Contains("was not let in", written, StringComparison.Ordinal);
        foreach (var key in new[] { agent.Key, other.Key })
        {
            Assert.DoesNotContain(Convert.ToBase64String(key), written, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_agent_in_a_sandbox_knows_of_its_own_VMs_only()
    {
        var node = await StartSecureNodeAsync();
        var (first, second) = (await SigningAgent.AddAsync(node, "sandboxed"), await SigningAgent.AddAsync(node, "sandboxed"));
        await using var mine = await node.ConnectAsync();
        await using var others = await node.ConnectAsync();
        (await second.AskAsync(others, "vm/state", "*", "\"subscribe\":true")).MustBeOk("vm/state");
        var id = (await first.AskAsync(mine, "vm/create", null, Create)).MustBeOk("vm/create").Id();
        await mine.BroadcastAsync(id, "running");
        Assert.Single((await first.AskAsync(mine, "vm/list")).GetProperty("instances").EnumerateArray());
        Assert.Empty((await second.AskAsync(others, "vm/list")).GetProperty("instances").EnumerateArray());

        const string NotThere = "vm-00000000ffff";
        foreach (var (type, more) in new[]
        {
            ("vm/state", "\"query\":true"), ("vm/delete", ""), ("vm/stop", ""), ("vm/start", ""), ("vm/suspend", ""), ("vm/resume", ""), ("vm/reboot", ""),
            ("vm/attach-terminal", "\"role\":\"operator\""), ("vm/attach-terminal", "\"role\":\"auditor\",\"stream\":true"), ("vm/exec", "\"argv\":[\"/bin/true\"]"),
            ("terminal/input", "\"data\":\"x\""), ("terminal/resize", "\"cols\":80,\"rows\":24"), ("terminal/detach", ""),
            ("log/subscribe", "\"from\":\"start\""), ("log/unsubscribe", ""), ("log/query", ""),
        })
        {
            var foreign = (await second.AskAsync(others, type, id, more)).MustBeError(404);
            var none = (await second.AskAsync(others, type, NotThere, more)).MustBeError(404);
            Assert.Equal(none.Text("message"), foreign.Text("message")!.Replace(id, NotThere, StringComparison.Ordinal));
        }

        // What it asked for came to nothing, and it heard nothing.
        Assert.Equal("running", (await first.AskAsync(mine, "vm/state", id, "\"query\":true")).Text("state"));
        Assert.DoesNotContain(others.Unread, line => line.Type() == "vm/state");
        var own = (await second.AskAsync(others, "vm/create", null, Create)).MustBeOk("vm/create").Id();
        await others.BroadcastAsync(own, "running");
        Assert.DoesNotContain(mine.Unread, line => line.Has("instance_id") && line.Id() == own);

        // Nor when it is gone.
        (await first.AskAsync(mine, "vm/delete", id)).MustBeOk("vm/delete");
        await mine.BroadcastAsync(id, "deleted");
        (await second.AskAsync(others, "vm/delete", id)).MustBeError(404);
        (await first.AskAsync(mine, "vm/delete", id)).MustBeOk("vm/delete");
    }

    [Fact]
    public async Task A_revoked_agent_loses_its_grant_at_once_and_what_it_follows()
    {
        var node = await StartSecureNodeAsync();
        var agent = await SigningAgent.AddAsync(node, "sandboxed", "short-lived");
        await using var connection = await node.ConnectAsync();
        var id = (await agent.AskAsync(connection, "vm/create", null, Create)).MustBeOk("vm/create").Id();
        await connection.BroadcastAsync(id, "running");
        (await agent.AskAsync(connection, "log/subscribe", id)).MustBeOk("log/subscribe");
        await connection.LineAsync(line => line.Type() == "mcp/authorize", "the grant");
        await SigningAgent.VerbAsync(node, "revoke", "short-lived");
        var end = await connection.LineAsync(line => line.Type() == "mcp/authorize", "the end of the grant");
        Assert.False(end.Flag("granted"));
        Assert.Equal(401, end.Number("code"));
        (await connection.AskAsync("""{"type":"vm/list"}""")).MustBeError(401);
        (await agent.AskAsync(connection, "vm/list")).MustBeError(401, "not signed");
        await File.AppendAllTextAsync(Path.Combine(node.Data, "vms", id, "log.0"), "nobody hears this\n");
        var trusted = await SigningAgent.AddAsync(node, "trusted");
        await using var later = await node.ConnectAsync();
        (await trusted.AskAsync(later, "log/subscribe", id, "\"from\":\"start\"")).MustBeOk("log/subscribe");
        await later.LineAsync(line => line.Type() == "model/log" && line.GetRawText().Contains("nobody hears this", StringComparison.Ordinal), "the line");
        Assert.DoesNotContain(connection.Unread, line => line.GetRawText().Contains("nobody hears this", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_rotated_agent_keeps_its_VMs_and_both_keys_for_a_while()
    {
        var node = await StartSecureNodeAsync();
        var before = await SigningAgent.AddAsync(node, "sandboxed", "rotating");
        await using var connection = await node.ConnectAsync();
        var id = (await before.AskAsync(connection, "vm/create", null, Create)).MustBeOk("vm/create").Id();
        var after = SigningAgent.Of(await SigningAgent.VerbAsync(node, "rotate", "rotating", "-o", "json"), "sandboxed");
        Assert.NotEqual(before.Fingerprint, after.Fingerprint);
        await using var other = await node.ConnectAsync();
        await Patience.UntilAsync(() => after.AskAsync(other, "vm/state", id, "\"query\":true"), reply => reply.Type() == "vm/state", reply => reply.GetRawText());
        (await before.AskAsync(other, "vm/stop", id)).MustBeOk("vm/stop");

        // And no longer: the connection that was granted something under the former one is told.
        await connection.LineAsync(line => line.Type() == "mcp/authorize", "the grant");
        await SigningAgent.VerbAsync(node, "rotate", "rotating", "--overlap", "0");
        Assert.False((await connection.LineAsync(line => line.Type() == "mcp/authorize", "the end of the grant")).Flag("granted"));
        (await before.AskAsync(other, "vm/list")).MustBeError(401, "not signed");
    }

    [Fact]
    public async Task Where_bare_messages_are_not_taken_after_a_grant_each_must_be_signed()
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node", Conf = "hydravisor.policy.bare-after-authorize = off" });
        var agent = await SigningAgent.AddAsync(node, "trusted");
        await using var connection = await node.ConnectAsync();
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");
        (await connection.AskAsync("""{"type":"vm/list"}""")).MustBeError(401, "signed");
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");
    }

    [Fact]
    public async Task A_policy_is_read_again_on_SIGHUP_and_a_broken_one_changes_nothing()
    {
        var node = await StartSecureNodeAsync();
        var agent = await SigningAgent.AddAsync(node, "sandboxed");
        await using var connection = await node.ConnectAsync();
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");
        await connection.LineAsync(line => line.Type() == "mcp/authorize", "the grant");
        var conf = Path.Combine(node.Data, "hydravisor.conf");
        await File.WriteAllTextAsync(conf, """hydravisor.policy.roles.sandboxed.deny = ["vm/lsit"]""");
        await node.SignalAsync("HUP");
        await node.Output.LineWithAsync("the policy stays as it is");
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");
        await File.WriteAllTextAsync(conf, """hydravisor.policy.roles.sandboxed.deny = ["vm/list"]""");
        await node.SignalAsync("HUP");
        var grant = await connection.LineAsync(line => line.Type() == "mcp/authorize", "the grant as it is now");
        Assert.DoesNotContain("vm/list", grant.GetProperty("permissions").EnumerateArray().Select(type => type.GetString()));
        var denied = (await agent.AskAsync(connection, "vm/list")).MustBeError(403);
        Assert.Equal("roles.sandboxed.deny[0]", denied.Text("rule"));
        Assert.Equal(64, denied.Text("policy")!.Length);
    }

    // The settings are read before the lock is made: the signal comes when the node has read the former ones, and serves nobody yet.
    [Fact]
    public async Task A_policy_that_is_put_in_place_while_the_node_starts_is_in_force_when_it_serves()
    {
        var node = NewNode(new NodeOptions { Profile = "node" });
        node.Launch();
        await Patience.UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(node.Data, "lock"))), made => made, _ => node.Output.Tail);
        await File.WriteAllTextAsync(Path.Combine(node.Data, "hydravisor.conf"), """hydravisor.policy.roles.sandboxed.deny = ["vm/list"]""");
        await node.SignalAsync("HUP");
        await node.ServingAsync();
        await node.Output.LineWithAsync("the policy was read again");
        var agent = await SigningAgent.AddAsync(node, "sandboxed");
        await using var connection = await node.ConnectAsync();
        var denied = (await agent.AskAsync(connection, "vm/list")).MustBeError(403);
        Assert.Equal("roles.sandboxed.deny[0]", denied.Text("rule"));
    }

    [Fact]
    public async Task An_agent_over_its_rate_is_told_when_to_come_back_and_others_are_not_concerned()
    {
        var node = await StartSecureNodeAsync();
        var (agent, other) = (await SigningAgent.AddAsync(node, "sandboxed"), await SigningAgent.AddAsync(node, "sandboxed"));
        await using var connection = await node.ConnectAsync();
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");
        const int Messages = 2000;
        await connection.SendBytesAsync(Encoding.UTF8.GetBytes(string.Concat(
            Enumerable.Range(0, Messages).Select(number => $$$"""{"type":"vm/list","meta":{"request_id":"r{{{number}}}"}}""" + "\n"))));
        var replies = new List<JsonElement>();
        for (var number = 0; number < Messages; number++)
        {
            replies.Add(await connection.ReplyAsync($"r{number}"));
        }

        var refused = replies.Where(reply => reply.Type() == "mcp/error").ToList();
        Assert.All(refused, reply => Assert.InRange(reply.MustBeError(429, "100 messages a second").Number("retry_after_ms"), 1, 1000));
        Assert.InRange(refused.Count, 1, Messages - 100);
        await using var another = await node.ConnectAsync();
        (await other.AskAsync(another, "vm/list")).MustBeOk("vm/list");
    }

    [Fact]
    public async Task An_agent_gets_no_more_VMs_than_its_role_lets_it_have()
    {
        var node = await StartSecureNodeAsync();
        var agent = await SigningAgent.AddAsync(node, "sandboxed");
        await using var connection = await node.ConnectAsync();
        var ids = new List<string>();
        for (var number = 0; number < 4; number++)
        {
            ids.Add((await agent.AskAsync(connection, "vm/create", null, Create)).MustBeOk("vm/create").Id());
        }

        (await agent.AskAsync(connection, "vm/create", null, Create)).MustBeError(429, "4 VMs", "sandboxed");
        await connection.BroadcastAsync(ids[0], "running");
        (await agent.AskAsync(connection, "vm/delete", ids[0])).MustBeOk("vm/delete");
        await connection.BroadcastAsync(ids[0], "deleted");
        await Patience.UntilAsync(
            () => agent.AskAsync(connection, "vm/create", null, Create), reply => reply.Type() == "vm/create", reply => reply.GetRawText());
    }

    private Task<NodeUnderTest> StartSecureNodeAsync() => StartNodeAsync(new NodeOptions { Profile = "node" });

    private static async Task MustBeDeniedAsync(NodeUnderTest node, string line, string says)
    {
        await using var connection = await node.ConnectAsync();
        await connection.SendAsync(line);
        var first = await connection.NextAsync();
        Assert.True(first.Type() == "mcp/authorize" && !first.Flag("granted") && first.Number("code") == 401, first.GetRawText());
        (await connection.ErrorAsync()).MustBeError(401, says);
    }
}
