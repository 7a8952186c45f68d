using System.Globalization;
using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Cluster;

/// <summary>A node whose machine is to be worked on.</summary>
[Collection(ClusterTestsCollection.Name)]
public sealed class DrainTests(ClusterUnderTest cluster, ITestOutputHelper output) : IAsyncLifetime
{
    private const int Rounds = 3;

    /// <summary>Each test begins with an empty cluster, so that what is drained is its own.</summary>
    public async Task InitializeAsync()
    {
        await cluster.BeTogetherAsync();
        await RemoveAllAsync();
    }

    /// <summary>No node is drained any more, and no VM is left.</summary>
    public async Task DisposeAsync()
    {
        await cluster.HealAsync();
        await cluster.ResumeAsync();
        await RemoveAllAsync();
    }

    [Fact]
    [Covers("node/drain")]
    public async Task The_vms_of_a_drained_node_go_to_others_and_are_followed_there_and_what_would_lose_its_memory_stays()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        await using var two = await cluster.ConnectAsync("node-2");
        var (running, off, asleep) = (await OnThreeAsync(one), await OnThreeAsync(one), await OnThreeAsync(one));
        await one.BringAsync("vm/stop", off, "stopped");
        await one.BringAsync("vm/suspend", asleep, "suspended");
        await two.AskAsync("vm/state", running, "\"subscribe\":true");
        var before = DateTimeOffset.UtcNow;

        (await two.AskAsync("""{"type":"node/drain","node":"node-3","reason":"a fan"}""")).MustBeOk("node/drain");
        foreach (var connection in new[] { one, two })
        {
            // It goes as it runs: the guest notices nothing but that it stood still for a moment.
            var going = await connection.BroadcastAsync(running, "running");
            Assert.StartsWith("it is being moved to the node node-", going.Text("reason"), StringComparison.Ordinal);
            while (going.Text("node") == "node-3")
            {
                going = await connection.BroadcastAsync(running, "running");
            }

            Assert.Equal(1L, going.Number("incarnation"));
        }

        await ThereAsync(two, off, state => state.Text("state") == "stopped" && state.Number("incarnation") == 1);

        // Both are VMs like any other.
        await two.BringAsync("vm/suspend", running, "suspended");
        await one.BringAsync("vm/resume", running, "running");
        (await one.AskAsync("vm/start", off)).MustBeOk("vm/start");

        var drain = await Patience.UntilAsync(() => DrainOfThreeAsync(two), drain => drain.Number("vms_left") == 1 && drain.TryGetProperty("staying", out _), drain => drain.GetRawText());
        Assert.Equal("it is suspended, and its memory would be lost: resume or stop it", Assert.Single(drain.GetProperty("staying").EnumerateArray()).Text("reason"));
        (await one.AskAsync("{\"type\":\"vm/create\",\"os\":\"tiny\"," + ClusterUnderTest.At("node-3") + "}")).MustBeError(507, "(a fan)");

        // One that is stopped has no memory to lose; that is looked at again after a while.
        await one.BringAsync("vm/stop", asleep, "stopped");
        await ThereAsync(one, asleep, state => state.Text("state") == "stopped");
        Assert.Equal(0, (await DrainOfThreeAsync(one)).Number("vms_left"));
        await MustBeWholeAsync(one, [running, off, asleep]);
        await EvidenceIsOneAsync(running, before, now: (await one.StateAsync(running)).Text("node")!);
    }

    [Fact]
    public async Task Whichever_node_is_killed_while_one_is_drained_each_vm_is_one_nodes_and_runs_if_it_ran()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (running, stopped) = (new List<string>(), new List<string>());
        await using (var one = await cluster.ConnectAsync("node-1"))
        {
            for (var number = 0; number < 3; number++)
            {
                running.Add(await OnThreeAsync(one));
                stopped.Add(await OnThreeAsync(one));
                await one.BringAsync("vm/stop", stopped[^1], "stopped");
            }
        }

        for (var round = 0; round < Rounds; round++)
        {
            var (drained, killed) = ($"node-{3 - (round % 2)}", $"node-{random.Next(2, 4)}");
            await using (var one = await cluster.ConnectAsync("node-1"))
            {
                // The first node takes none, so that each round has all to move from one of the two others to the other.
                await WireSteps.WhenPossibleAsync(() => one.AskAsync("""{"type":"node/cordon","node":"node-1"}"""));
                (await WireSteps.WhenPossibleAsync(() => one.AskAsync($$"""{"type":"node/drain","node":"{{drained}}"}"""))).MustBeOk("node/drain");
                await Task.Delay(random.Next(2500));
                output.WriteLine($"{drained} is drained, {killed} is killed");
                await cluster.ScriptAsync("kill", killed);
                await cluster.ScriptAsync("start", killed);
                foreach (var id in running.Concat(stopped))
                {
                    var wanted = running.Contains(id) ? "running" : "stopped";
                    await Patience.UntilAsync(() => one.StateAsync(id), state => state.Text("state") == wanted && state.Text("node") != drained, state => $"{state.GetRawText()}\n{cluster.Tail()}");
                }

                await WireSteps.WhenPossibleAsync(() => one.AskAsync($$"""{"type":"node/resume","node":"{{drained}}"}"""));
            }
        }

        await using var last = await cluster.ConnectAsync("node-1");
        await MustBeWholeAsync(last, [.. running, .. stopped]);
    }

    // The only node that takes new VMs; it is not asked for, since then they would be nowhere else.
    private static async Task<string> OnThreeAsync(RawConnection connection)
    {
        async Task SetAsync(string type)
        {
            foreach (var node in new[] { "node-1", "node-2" })
            {
                (await connection.AskAsync($$"""{"type":"{{type}}","node":"{{node}}"}""")).MustBeOk(type);
            }
        }

        await SetAsync("node/cordon");
        var made = await connection.CreateRunningAsync();
        await SetAsync("node/resume");
        Assert.Equal("node-3", (await connection.StateAsync(made)).Text("node"));
        return made;
    }

    private static Task<JsonElement> ThereAsync(RawConnection connection, string id, Func<JsonElement, bool> so) =>
        Patience.UntilAsync(() => connection.StateAsync(id), state => state.Text("node") is "node-1" or "node-2" && so(state), state => state.GetRawText());

    private static async Task<JsonElement> DrainOfThreeAsync(RawConnection connection) =>
        (await connection.AskAsync("""{"type":"node/list"}""")).GetProperty("nodes").EnumerateArray().Single(node => node.Text("name") == "node-3").GetProperty("drain");

    // One domain of each on one node, that of the lists; nothing else of it anywhere; and the histories are whole.
    private async Task MustBeWholeAsync(RawConnection connection, IReadOnlyCollection<string> ids)
    {
        var listed = (await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").EnumerateArray().Select(vm => (Id: vm.Id(), Node: vm.Text("node")!)).Order().ToList();
        Assert.Equal(ids.Order(), listed.Select(vm => vm.Id));
        var worlds = await Task.WhenAll(ClusterUnderTest.Nodes.Select(async node => (Node: node, World: await SimulatedWorld.OfAsync(Path.Combine(cluster.State, node)))));
        await Patience.UntilAsync(
            () => Task.FromResult(worlds.SelectMany(each => each.World.DomainIds.Select(id => (Id: id, each.Node))).Order().ToList()), domains => domains.SequenceEqual(listed),
            domains => $"The nodes have the domains {string.Join(", ", domains)}, and the list {string.Join(", ", listed)}.\n{cluster.Tail()}");
        foreach (var (id, node) in listed)
        {
            await Patience.UntilAsync(
                () => Task.FromResult(ClusterUnderTest.Nodes.Where(each => Directory.Exists(Path.Combine(cluster.State, each, "vms", id))).ToList()),
                there => there.SequenceEqual([node]), there => $"{id} is on {node} and has files on {string.Join(", ", there)}.");
        }

        await cluster.MustBeVerifiedAsync();
    }

    // The history of one that moved is told as one, whichever node wrote which part of it.
    private async Task EvidenceIsOneAsync(string id, DateTimeOffset before, string now)
    {
        async Task<(string?, string?, long)> AtAsync(DateTimeOffset time)
        {
            var past = JsonDocument.Parse(await cluster.AuditAsync("at", time.ToString("O", CultureInfo.InvariantCulture), "--vm", id, "-o", "json")).RootElement;
            return (past.Text("node"), past.Text("state"), past.Number("incarnation"));
        }

        Assert.Equal(("node-3", "running", 1L), await AtAsync(before));
        Assert.Equal((now, "running", 1L), await AtAsync(DateTimeOffset.UtcNow));
        var bundle = Path.Combine(cluster.State, id + ".tar.gz");
        await cluster.AuditAsync("export", "--vm", id, "--data", Path.Combine(cluster.State, now), "--to", bundle);
        var check = JsonDocument.Parse(await cluster.AuditAsync("verify", "--bundle", bundle, "-o", "json")).RootElement;
        Assert.Equal((0, 0), (check.GetProperty("findings").GetArrayLength(), check.GetProperty("problems").GetArrayLength()));
        var shown = await cluster.AuditAsync("show", "--vm", id);
        Assert.All(["vm.migration-begun.v1", "vm.released.v1", "vm.landed.v1"], each => Assert.Contains(each, shown, StringComparison.Ordinal));
    }

    private async Task RemoveAllAsync()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        foreach (var vm in (await WireSteps.WhenPossibleAsync(() => one.AskAsync("""{"type":"vm/list"}"""))).GetProperty("instances").EnumerateArray())
        {
            await WireSteps.WhenPossibleAsync(() => one.AskAsync("vm/delete", vm.Id()), 404);
        }

        await Patience.UntilAsync(
            () => one.AskAsync("""{"type":"vm/list"}"""), list => list.TryGetProperty("instances", out var all) && all.GetArrayLength() == 0,
            list => $"VMs are left: {list.GetRawText()}");
    }
}
