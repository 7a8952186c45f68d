using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.EndToEnd.Tests.Cluster;

/// <summary>What nodes of a cluster tell of themselves.</summary>
[Collection(ClusterTestsCollection.Name)]
public sealed class HealthTests(ClusterUnderTest cluster) : IAsyncLifetime
{
    /// <inheritdoc/>
    public Task InitializeAsync() => cluster.BeTogetherAsync();

    /// <inheritdoc/>
    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Nodes_whose_database_is_away_are_alive_and_not_ready_until_it_is_back()
    {
        foreach (var node in ClusterUnderTest.Nodes)
        {
            var ready = await HealthPage.UntilAsync(await AddressAsync(node), page => page.Code == 200);
            Assert.Equal((node, "up", "postgresql"), (ready.Body.Text("name"), ready.Status("cluster"), ready.Body.GetProperty("journal").Text("kind")));
            Assert.Equal(ClusterUnderTest.Nodes, ready.Body.GetProperty("cluster").GetProperty("members").EnumerateArray().Select(member => member.GetString()));
        }

        await cluster.ScriptAsync("database", "kill");
        try
        {
            foreach (var node in ClusterUnderTest.Nodes)
            {
                var away = await HealthPage.UntilAsync(await AddressAsync(node), page => page.Code == 503);
                Assert.Equal(("silent", "up", "serving"), (away.Status("journal"), away.Status("cluster"), away.Status("node")));
            }
        }
        finally
        {
            await cluster.ScriptAsync("database", "start");
        }

        foreach (var node in ClusterUnderTest.Nodes)
        {
            await HealthPage.UntilAsync(await AddressAsync(node), page => page.Code == 200);
        }
    }

    [Fact]
    public async Task A_minority_is_alive_and_not_ready_and_the_majority_stays_ready()
    {
        var (minority, majority) = (await AddressAsync("node-3"), await AddressAsync("node-1"));
        await HealthPage.UntilAsync(minority, page => page.Code == 200);
        try
        {
            await cluster.ScriptAsync("isolate", "node-3");
            await IsGivenUpAsync(minority, majority);
        }
        finally
        {
            await cluster.HealAsync();
        }

        await HealthPage.UntilAsync(minority, page => page.Code == 200);
    }

    private static async Task IsGivenUpAsync(string minority, string majority)
    {
        var few = await HealthPage.UntilAsync(minority, page => page.Code == 503);
        var seen = few.Body.GetProperty("cluster");
        Assert.True(seen.Flag("minority"), few.Body.GetRawText());
        Assert.Equal(["node-1", "node-2"], seen.GetProperty("unreachable").EnumerateArray().Select(member => member.GetString()));
        Assert.Contains("1 of the 3 nodes", few.Reason("cluster"), StringComparison.Ordinal);
        var most = await HealthPage.UntilAsync(majority, page => page.Body.GetProperty("cluster").GetProperty("members").GetArrayLength() == 2 || page.Body.GetProperty("cluster").GetProperty("unreachable").GetArrayLength() == 1);
        Assert.Equal((200, false), (most.Code, most.Body.GetProperty("cluster").Flag("minority")));

        // It begins anew within its process, is alive all the while, and waits for the others.
        var anew = await HealthPage.UntilAsync(minority, page => page.Status("node") == "serving" && page.Status("cluster") == "joining");
        Assert.Equal((503, "this node has not joined its cluster yet", false), (anew.Code, anew.Reason("cluster"), anew.Body.GetProperty("cluster").Flag("minority")));
    }

    private async Task<string> AddressAsync(string node) => (await cluster.StatusAsync(node)).Text("health")!;
}
