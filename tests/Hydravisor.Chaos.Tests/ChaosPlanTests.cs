using CsCheck;
using Hydravisor.Chaos.Planning;

namespace Hydravisor.Chaos.Tests;

/// <summary>What befalls a cluster is made of the seed, and leaves it a majority.</summary>
public sealed class ChaosPlanTests
{
    private static readonly Gen<(int Seed, int Seconds, int Nodes)> Plans = Gen.Select(Gen.Int, Gen.Int[60, 1800], Gen.Int[2, 5]);

    [Fact]
    public void One_seed_is_one_plan() => Plans.Sample(
        one => Assert.Equal(Of(one).Steps.Select(Shown), Of(one).Steps.Select(Shown)));

    [Fact]
    public void Never_is_more_than_one_node_away_but_for_a_moment() => Plans.Sample(one =>
    {
        var faults = Of(one).Faults.Where(fault => fault.OfANode).ToList();
        foreach (var (before, after) in faults.Zip(faults.Skip(1)))
        {
            Assert.True(before.End < after.At, $"{before} and {after}");
        }

        Assert.All(faults, fault => Assert.True(fault.Node.Length > 0 || fault.For <= TimeSpan.FromSeconds(2)));
    });

    [Fact]
    public void All_ends_in_time_and_what_goes_comes_back() => Plans.Sample(one =>
    {
        var plan = Of(one);
        Assert.All(plan.Faults, fault => Assert.InRange(fault.End, fault.At, TimeSpan.FromSeconds(one.Seconds)));
        var steps = plan.Steps.Select(Shown).ToList();
        foreach (var (goes, comes) in new[] { ("kill", "start"), ("pause", "continue"), (Step.Drain, Step.Resume) })
        {
            Assert.All(plan.Nodes, node => Assert.Equal(steps.Count(step => step == $"{goes} {node}"), steps.Count(step => step == $"{comes} {node}")));
            Assert.All(plan.Nodes, node => Assert.True(steps.LastIndexOf($"{goes} {node}") <= steps.LastIndexOf($"{comes} {node}")));
        }

        Assert.True(steps.FindLastIndex(step => step.StartsWith("cut ", StringComparison.Ordinal)) <= steps.LastIndexOf("heal"));
        Assert.True(steps.FindLastIndex(step => step is "database kill" or "database stop") <= steps.LastIndexOf("database start"));
    });

    [Fact]
    public void The_database_is_away_while_a_node_is_and_every_kind_comes()
    {
        var plans = Enumerable.Range(0, 50).Select(seed => ChaosPlan.Make(seed, TimeSpan.FromMinutes(2), 3, libvirt: true, drains: true)).ToList();
        Assert.Contains(plans, plan => plan.Faults.Any(fault => !fault.OfANode && plan.Faults.Any(other => other.OfANode && other.At < fault.End && fault.At < other.End)));
        Assert.Equal(Enum.GetValues<FaultKind>(), plans.SelectMany(plan => plan.Faults).Select(fault => fault.Kind).Distinct().Order());
        Assert.DoesNotContain(ChaosPlan.Make(1, TimeSpan.FromHours(1), 3, libvirt: false).Faults, fault => fault.Kind == FaultKind.KillLibvirt);
    }

    private static ChaosPlan Of((int Seed, int Seconds, int Nodes) one) => ChaosPlan.Make(one.Seed, TimeSpan.FromSeconds(one.Seconds), one.Nodes, libvirt: false, drains: true);

    private static string Shown(Step step) => string.Join(' ', step.Words);
}
