using Hydravisor.Actors.Tests.Journal;
using Hydravisor.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Faults;

/// <summary>What a node tells of itself to programs that watch over it.</summary>
[Collection(PostgresTests.Name)]
public sealed class HealthTests(PostgresServer server, ITestOutputHelper output) : EndToEndTest(output)
{
    private static readonly NodeOptions Watched = new() { Conf = HealthPage.Setting };

    [Fact]
    public async Task A_node_that_serves_is_alive_and_ready_and_one_without_the_setting_tells_nothing()
    {
        var node = await StartNodeAsync(Watched);
        var page = await HealthPage.GetAsync(await HealthPage.AddressOfAsync(node), "readyz");
        Assert.Equal((200, true, true), (page.Code, page.Body.Flag("ready"), page.Body.Flag("alive")));
        Assert.Equal(("serving", "none", "writable", "connected"), (page.Status("node"), page.Status("cluster"), page.Status("journal"), page.Status("hypervisor")));
        Assert.Equal(("sqlite", "simulated"), (page.Body.GetProperty("journal").Text("kind"), page.Body.GetProperty("hypervisor").Text("kind")));
        Assert.DoesNotContain("health is told", (await StartNodeAsync()).Output.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_whose_hypervisor_is_away_is_alive_and_not_ready()
    {
        var node = await StartNodeAsync(Watched);
        var address = await HealthPage.AddressOfAsync(node);
        var world = await SimulatedWorld.OfAsync(node);
        world.GoDown();
        var away = await HealthPage.UntilAsync(address, page => page.Code == 503);
        Assert.Equal(("lost", "serving"), (away.Status("hypervisor"), away.Status("node")));
        Assert.True(away.Body.GetProperty("hypervisor").GetProperty("since").GetDateTimeOffset() <= DateTimeOffset.UtcNow);
        world.ComeBack();
        await HealthPage.UntilAsync(address, page => page.Code == 200);
    }

    [Fact]
    public async Task A_node_whose_database_is_away_is_alive_and_not_ready()
    {
        var database = server.CreateDatabase();
        var node = await StartNodeAsync(new NodeOptions { Conf = HealthPage.Setting + $"hydravisor.journal.postgresql = \"{server.UriOf(database)}\"" });
        var address = await HealthPage.AddressOfAsync(node);
        server.Kill();
        try
        {
            var away = await HealthPage.UntilAsync(address, page => page.Code == 503);
            Assert.Equal(("silent", "the database does not answer"), (away.Status("journal"), away.Reason("journal")));
            Assert.DoesNotContain(node.Data, away.Body.GetRawText(), StringComparison.Ordinal);
        }
        finally
        {
            server.Start();
        }

        await HealthPage.UntilAsync(address, page => page.Code == 200 && page.Status("journal") == "answers");
    }

    [Fact]
    public async Task A_node_that_starts_is_alive_before_it_has_its_journal()
    {
        var node = await StartNodeAsync(Watched);
        await node.KillAsync();
        var from = node.Output.Count;
        using (var other = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(node.Data, "journal.db"), Pooling = false }.ConnectionString))
        {
            other.Open();
            using var command = other.CreateCommand();
            command.CommandText = "begin exclusive";
            command.ExecuteNonQuery();
            node.Launch();
            var starting = await HealthPage.UntilAsync(await HealthPage.AddressOfAsync(node, from), page => page.Code == 503);
            Assert.Equal("starting: opening the journal", starting.Reason("node"));
        }

        await node.ServingAsync();
        Assert.Equal(200, (await HealthPage.GetAsync(await HealthPage.AddressOfAsync(node, from), "readyz")).Code);
    }

    [Fact]
    public async Task A_node_that_ends_says_so_and_stays_alive_until_its_sessions_have_ended()
    {
        var node = await StartNodeAsync(Watched);
        var address = await HealthPage.AddressOfAsync(node);
        // Who has not closed is waited for.
        await using var connection = await node.ConnectAsync();
        await connection.CreateRunningAsync();
        await node.SignalAsync("TERM");
        await HealthPage.UntilAsync(address, page => page is { Code: 503 } && page.Status("node") == "draining");
        Assert.Equal(0, await node.ExitAsync());
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_the_start()
    {
        var taken = (await HealthPage.AddressOfAsync(await StartNodeAsync(Watched)))["http://".Length..];
        var (code, written) = await NewNode(new NodeOptions { Conf = $"hydravisor.health.listen = \"{taken}\"" }).RunToEndAsync();
        Assert.Equal(1, code);
        Assert.Contains($"stderr: hydravisor: cannot listen on {taken} for health", written, StringComparison.Ordinal);
        Assert.Contains("HYDRAVISOR_HEALTH_LISTEN", written, StringComparison.Ordinal);
        Assert.DoesNotContain("stderr:    at ", written, StringComparison.Ordinal);
    }
}
