using System.Security.Cryptography;
using Hydravisor.Chaos;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Cluster;

/// <summary>A cluster that is broken again and again while clients work with it: two minutes of what <c>scripts/chaos</c> does for longer, with real guests.</summary>
public sealed class ClusterChaosTests(ITestOutputHelper output)
{
    private static readonly TimeSpan FaultsGoOn = TimeSpan.FromMinutes(2);

    [Fact]
    public Task What_was_acknowledged_holds_over_two_minutes_of_killed_nodes_cut_links_drained_nodes_and_a_database_that_goes_and_comes() =>
        HoldsAsync(new ChaosOptions(Seed(), FaultsGoOn, Simulated: false, Drains: true));

    [Fact]
    public Task What_was_acknowledged_holds_while_the_nodes_are_restarted_one_after_the_other() =>
        HoldsAsync(new ChaosOptions(Seed(), TimeSpan.Zero, Rolling: true));

    private static int Seed() => RandomNumberGenerator.GetInt32(1_000_000);

    private async Task HoldsAsync(ChaosOptions options)
    {
        var report = await new ChaosRun(options, output.WriteLine).RunAsync(CancellationToken.None);
        Assert.True(report.Findings.Count == 0, report.Text);
        Assert.NotEqual(0, report.Acknowledged);
    }
}
