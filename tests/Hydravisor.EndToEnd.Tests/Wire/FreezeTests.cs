using System.Globalization;
using System.Text.Json;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>The brake: <c>hydravisor agent freeze</c>, by the executable, on nodes with many VMs.</summary>
public sealed class FreezeTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const int Many = 100;

    [Fact]
    public async Task All_VMs_of_a_frozen_agent_are_suspended_and_nothing_of_it_is_let_in_until_it_is_thawed()
    {
        var (node, agent, ids) = await StartWithVmsAsync(Many);
        var bystander = await SigningAgent.AddAsync(node, "trusted", "bystander");
        await using var connection = await node.ConnectAsync();
        (await agent.AskAsync(connection, "vm/list")).MustBeOk("vm/list");
        await connection.LineAsync(line => line.Type() == "mcp/authorize", "the grant");
        await using var others = await node.ConnectAsync();
        var foreign = (await bystander.AskAsync(others, "vm/create", null, "\"os\":\"tiny\"")).MustBeOk("vm/create").Id();
        await others.BroadcastAsync(foreign, "running");

        var frozen = JsonDocument.Parse(await SigningAgent.VerbAsync(node, "freeze", "wild", "-o", "json")).RootElement;
        Assert.True(frozen.Flag("all_stand_still") && frozen.Flag("node_runs"), frozen.GetRawText());
        var vms = frozen.GetProperty("vms").EnumerateArray().ToList();
        Assert.Equal(ids.Order(), vms.Select(vm => vm.Id()).Order());
        Assert.All(vms, vm => Assert.Equal(("running", "suspended"), (vm.Text("before"), vm.Text("state"))));
        Say.WriteLine($"{Many} VMs stood still after {vms.Max(vm => vm.GetProperty("suspended_after_ms").GetDouble()):0} ms");

        var end = await connection.LineAsync(line => line.Type() == "mcp/authorize", "the end of the grant");
        Assert.False(end.Flag("granted"));
        Assert.Contains("frozen", end.Text("message"), StringComparison.Ordinal);
        (await connection.AskAsync("""{"type":"vm/list"}""")).MustBeError(401);
        (await agent.AskAsync(connection, "vm/list")).MustBeError(401, "frozen", "thaw");
        (await (agent with { Key = bystander.Key }).AskAsync(connection, "vm/list")).MustBeError(401, "not signed");
        (await bystander.AskAsync(others, "vm/resume", ids[0])).MustBeError(409, "frozen");
        Assert.Equal("suspended", (await bystander.AskAsync(others, "vm/state", ids[0], "\"query\":true")).Text("state"));
        Assert.Equal("running", (await bystander.AskAsync(others, "vm/state", foreign, "\"query\":true")).Text("state"));
        MustBeByOperator(node, ids);
        await LedgerSaysAsync(node, agent, isFrozen: true);

        Assert.Contains("thawed", await SigningAgent.VerbAsync(node, "thaw", "wild"), StringComparison.Ordinal);
        await using var again = await node.ConnectAsync();
        var list = await Patience.UntilAsync(() => agent.AskAsync(again, "vm/list"), reply => reply.Type() == "vm/list", reply => reply.GetRawText());
        var own = list.GetProperty("instances").EnumerateArray().Where(vm => vm.Text("owner") == agent.Fingerprint).ToList();
        Assert.Equal(Many, own.Count);
        Assert.All(own, vm => Assert.Equal("suspended", vm.Text("state")));
        Assert.Equal("suspended", (await agent.AskAsync(again, "vm/state", ids[0], "\"subscribe\":true")).Text("state"));
        (await agent.AskAsync(again, "vm/resume", ids[0])).MustBeOk("vm/resume");
        await again.BroadcastAsync(ids[0], "running");
        await LedgerSaysAsync(node, agent, isFrozen: false);
    }

    [Fact]
    public async Task A_node_that_is_killed_amid_goes_on_with_it_when_it_is_back()
    {
        var (node, agent, ids) = await StartWithVmsAsync(Many, "hydravisor.simulated.call-time-max = 2s");
        var freezing = SigningAgent.VerbAsync(node, "freeze", "wild", "-o", "json");
        await Patience.UntilAsync(
            () => SimulatedWorld.OfAsync(node),
            world => world.Domains.Any(domain => domain.Power == Power.Paused),
            _ => node.Output.Tail);
        await node.KillAsync();
        var world = await SimulatedWorld.OfAsync(node);
        Say.WriteLine($"killed when {world.Domains.Count(domain => domain.Power == Power.Paused)} of {Many} stood still");
        Assert.Contains(world.Domains, domain => domain.Power == Power.Running);
        await node.StartAsync();

        var frozen = JsonDocument.Parse(await freezing).RootElement;
        Assert.True(frozen.Flag("all_stand_still"), frozen.GetRawText());
        Assert.Equal(Many, frozen.GetProperty("vms").EnumerateArray().Count(vm => vm.Text("state") == "suspended"));
        Assert.All((await SimulatedWorld.OfAsync(node)).Domains, domain => Assert.Equal(Power.Paused, domain.Power));
        MustBeByOperator(node, ids);
        await using var connection = await node.ConnectAsync();
        (await agent.AskAsync(connection, "vm/list")).MustBeError(401, "frozen");
    }

    [Fact]
    public async Task What_boots_or_reboots_is_suspended_as_soon_as_it_runs()
    {
        var (node, agent, ids) = await StartWithVmsAsync(2, "hydravisor.simulated.call-time-max = 2s");
        await using var connection = await node.ConnectAsync();
        (await agent.AskAsync(connection, "vm/reboot", ids[0])).MustBeOk("vm/reboot");
        (await agent.AskAsync(connection, "vm/stop", ids[1], "\"force\":true")).MustBeOk("vm/stop");
        for (var i = 0; i < 4; i++)
        {
            (await agent.AskAsync(connection, "vm/create", null, "\"os\":\"tiny\"")).MustBeOk("vm/create");
        }

        var frozen = JsonDocument.Parse(await SigningAgent.VerbAsync(node, "freeze", "wild", "-o", "json")).RootElement;
        Assert.True(frozen.Flag("all_stand_still"), frozen.GetRawText());
        var states = frozen.GetProperty("vms").EnumerateArray().ToDictionary(vm => vm.Id(), vm => vm.Text("state"));
        Assert.Equal(6, states.Count);
        Assert.Equal("stopped", states[ids[1]]);
        Assert.All(states.Where(state => state.Key != ids[1]), state => Assert.Equal("suspended", state.Value));
        Assert.DoesNotContain((await SimulatedWorld.OfAsync(node)).Domains, domain => domain.Power == Power.Running);
    }

    [Fact]
    public async Task Without_a_node_the_person_is_told_that_it_happens_when_one_starts()
    {
        var (node, _, ids) = await StartWithVmsAsync(3);
        await node.KillAsync();
        var ran = await Run.AnyAsync(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "agent", "freeze", "wild", "--data", node.Data);
        Assert.Equal(1, ran.Code);
        Assert.Contains("as soon as it starts", ran.Error, StringComparison.Ordinal);
        Assert.All(ids, id => Assert.Matches($"{id} .*running", ran.Output));

        await node.StartAsync();
        var table = await SigningAgent.VerbAsync(node, "freeze", "wild");
        Assert.All(ids, id => Assert.Matches($"{id} .*running +suspended +[0-9]+ ms", table));
    }

    private async Task<(NodeUnderTest Node, SigningAgent Agent, IReadOnlyList<string> Ids)> StartWithVmsAsync(int count, string conf = "")
    {
        var node = await StartNodeAsync(new NodeOptions { Profile = "node", Conf = conf });
        var agent = await SigningAgent.AddAsync(node, "trusted", "wild");
        await using var connection = await node.ConnectAsync();
        var ids = new List<string>();
        for (var i = 0; i < count; i++)
        {
            await connection.SendAsync(agent.Wrap(SigningAgent.Message("vm/create", null, "\"os\":\"tiny\"", string.Create(CultureInfo.InvariantCulture, $"c{i}"))));
        }

        for (var i = 0; i < count; i++)
        {
            ids.Add((await connection.ReplyAsync(string.Create(CultureInfo.InvariantCulture, $"c{i}"))).MustBeOk("vm/create").Id());
        }

        foreach (var id in ids)
        {
            await connection.BroadcastAsync(id, "running");
        }

        return (node, agent, ids);
    }

    private static async Task LedgerSaysAsync(NodeUnderTest node, SigningAgent agent, bool isFrozen) => await Patience.UntilAsync(
        () => Task.FromResult(JournalAudit.Verify(node.Data).Values.SelectMany(events => events)
            .LastOrDefault(e => e.Manifest == "ledger.agent-changed.v1" && e.Body.Text("agent") == agent.Fingerprint)?.Body.Text("facts")),
        facts => facts?.Contains("frozen", StringComparison.Ordinal) == isFrozen,
        facts => $"The ledger says: {facts}");

    // Each suspension says on whose account it was, and none was begun twice.
    private static void MustBeByOperator(NodeUnderTest node, IReadOnlyList<string> ids)
    {
        var streams = JournalAudit.Verify(node.Data);
        foreach (var id in ids)
        {
            var accepted = Assert.Single(streams.Single(stream => stream.Key.EndsWith("|" + id, StringComparison.Ordinal)).Value, e => e.Manifest == "vm.suspend-accepted.v1");
            Assert.Equal(("operator", "brake", "agent-frozen"), (accepted.Cause.Text("agent"), accepted.Cause.Text("role"), accepted.Cause.Text("rule")));
        }
    }
}
