using System.Collections.Concurrent;
using System.Globalization;

namespace Hydravisor.Actors.Tests.Vms.Simulation;

public sealed class VmSimulationTests
{
    private const int Seeds = 10_000;

    private static readonly string FailingSeeds = Path.Combine(AppContext.BaseDirectory, "Vms", "Simulation", "failing-seeds.txt");

    [Fact]
    public void Seeds_that_failed_once_hold()
    {
        var seeds = File.ReadLines(FailingSeeds)
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => int.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture));
        Assert.Empty(seeds.Select(seed => Broken(seed)).OfType<string>());
    }

    [Fact]
    public void Every_promise_holds_whatever_goes_wrong()
    {
        var broken = new ConcurrentBag<string>();
        Parallel.For(0, Seeds, (seed, loop) =>
        {
            if (Broken(seed) is { } how)
            {
                broken.Add(how);
                loop.Stop();
            }
        });
        Assert.True(broken.IsEmpty, string.Join("\n\n", broken) + "\n\nMend it, and add the seed to failing-seeds.txt.");
    }

    [Fact]
    public void Every_promise_holds_of_a_vm_that_is_to_be_moved_now_and_then()
    {
        var broken = new ConcurrentBag<string>();
        Parallel.For(0, Seeds / 4, (seed, loop) =>
        {
            if (Broken(seed, moves: true) is { } how)
            {
                broken.Add(how);
                loop.Stop();
            }
        });
        Assert.True(broken.IsEmpty, string.Join("\n\n", broken));
    }

    [Fact]
    public void The_same_seed_is_the_same_life()
    {
        var first = new VmSimulation(1, traced: true);
        first.Run();
        var second = new VmSimulation(1, traced: true);
        second.Run();
        Assert.Equal(first.Trace, second.Trace);
        Assert.NotEmpty(first.Trace);
    }

    private static string? Broken(int seed, bool moves = false)
    {
        try
        {
            new VmSimulation(seed, moves: moves).Run();
            return null;
        }
        catch (Exception e)
        {
            var again = new VmSimulation(seed, traced: true, moves);
            Assert.ThrowsAny<Exception>(again.Run);
            return $"Seed {seed}: {e.Message}\n{(e is BrokenPromiseException ? "" : e.StackTrace)}\n{string.Join('\n', again.Trace.TakeLast(80))}";
        }
    }
}
