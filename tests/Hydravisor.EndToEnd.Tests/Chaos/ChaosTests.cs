using System.Diagnostics;
using System.Security.Cryptography;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Chaos;

/// <summary>Agents at work, and a node that is killed at any instant.</summary>
public class ChaosTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private const int Kills = 100;
    private const int Agents = 4;

    private static readonly NodeOptions Options = new()
    {
        // Often enough that kills meet the writing of snapshots too; guests quick enough that much happens between two kills.
        Conf = """
            hydravisor {
              vm { snapshot-every = 7, retry-delay = 50ms }
              simulated { boot-time = 40ms, shutdown-time = 20ms, call-time-max = 10ms }
              host { restart-min = 50ms }
              log.level = warning
            }
            """,
    };

    [Fact]
    public async Task A_hundred_kills_lose_nothing_double_nothing_orphan_nothing_and_stop_no_guest()
    {
        var seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        Say.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        var node = NewNode(Options);
        var lifeline = new Lifeline();
        using var enough = new CancellationTokenSource();
        var agents = Enumerable.Range(0, Agents).Select(number => new ChaosAgent(number, seed + number, lifeline, enough.Token)).ToList();
        var lives = agents.Select(agent => agent.LiveAsync()).ToList();
        var early = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            early += await LiveAndDieAsync(node, lifeline, random, lives) ? 0 : 1;
        }

        await node.StartAsync();
        lifeline.Up(node.Endpoint);
        await enough.CancelAsync();
        await Task.WhenAll(lives).InTimeAsync("the agents end what they began", () => node.Output.Tail);
        foreach (var agent in agents)
        {
            await agent.SettleAsync();
        }

        await VerifyAsync(node, agents);
        Say.WriteLine(
            $"{Kills} kills ({early} before the node served) in {clock.Elapsed.TotalSeconds:0} s; {agents.Sum(agent => agent.Vms.Count)} VMs, "
            + $"{agents.Sum(agent => agent.Acknowledged)} requests acknowledged, {agents.Sum(agent => agent.Repeated)} repeated");
        foreach (var agent in agents)
        {
            await agent.DisposeAsync();
        }
    }

    /// <returns>Whether the node served before it was killed.</returns>
    private static async Task<bool> LiveAndDieAsync(NodeUnderTest node, Lifeline lifeline, Random random, List<Task> lives)
    {
        node.Launch();
        var serving = node.ServingAsync();
        var inStart = random.Next(4) == 0;
        if (inStart)
        {
            await Task.WhenAny(serving, Task.Delay(random.Next(1500)));
        }
        else
        {
            await serving;
        }

        var served = serving.IsCompletedSuccessfully;
        if (served)
        {
            lifeline.Up(node.Endpoint);
            await Task.WhenAny(Task.WhenAny(lives), Task.Delay(random.Next(700)));
        }

        await node.KillAsync();
        lifeline.Down();
        await serving.ContinueWith(_ => { }, TaskScheduler.Default);
        if (lives.Find(life => life.IsFaulted) is { } broken)
        {
            await broken;
        }

        return served;
    }

    private static async Task VerifyAsync(NodeUnderTest node, List<ChaosAgent> agents)
    {
        var vms = agents.SelectMany(agent => agent.Vms).ToList();
        var living = vms.Where(vm => !vm.Deleted).Select(vm => vm.Id!).Order().ToList();
        Assert.Equal(vms.Count, vms.Select(vm => vm.Id).Distinct().Count());
        await using (var client = await node.ConnectClientAsync())
        {
            Assert.Equal(living, (await client.ListAsync()).Select(state => state.InstanceId).Order());
        }

        await node.KillAsync();
        var world = await SimulatedWorld.OfAsync(node);
        Assert.Equal(living, world.DomainIds.Order());
        Assert.Equal(living, world.DirectoryIds.Order());
        Assert.Empty(world.SessionIds.Except(living));
        GuestAudit.Verify(world, vms);

        var streams = JournalAudit.Verify(node.Data);
        foreach (var vm in vms)
        {
            var stream = Assert.Single(streams, pair => pair.Key.EndsWith("|" + vm.Id, StringComparison.Ordinal)).Value;
            Assert.Equal("vm.created.v1", stream[0].Manifest);
            Assert.Equal(vm.Deleted ? 1 : 0, stream.Count(stored => stored.Manifest == "vm.deleted.v1"));
            var boots = stream.Where(stored => stored.Manifest == "vm.boot-begun.v1").Select(stored => stored.Body.Number("incarnation")).ToList();
            Assert.Equal(Enumerable.Range(1, boots.Count).Select(boot => (long)boot), boots);
        }

        // The node that starts on what was just verified finds no fault with it either.
        await node.StartAsync();
        Assert.DoesNotContain(node.Output.From(0), line => line.Contains("orphan", StringComparison.Ordinal) || line.Contains(" ERR ", StringComparison.Ordinal));
    }
}
