using System.Text.Json;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Faults;

/// <summary>Nodes whose journal is a database: what they promise on a file of their own holds there too.</summary>
[Collection(PostgresTests.Name)]
public sealed class SharedJournalTests(PostgresServer server, ITestOutputHelper output) : EndToEndTest(output)
{
    private readonly JournalAddress.Database _database = server.CreateDatabase();

    private string Uri => server.UriOf(_database);

    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_kill_and_the_chain_is_whole()
    {
        var node = await StartNodeAsync(Named("one"));
        var (running, suspended) = await DoAsync(node, async connection =>
        {
            var ids = (await connection.CreateRunningAsync(), await connection.CreateRunningAsync("\"meta\":{\"name\":\"kept\"}"));
            await connection.BringAsync("vm/suspend", ids.Item2, "suspended");
            return ids;
        });
        await node.KillAndStartAsync();
        await DoAsync(node, async connection =>
        {
            Assert.Equal("running", (await connection.StateAsync(running)).Text("state"));
            Assert.Equal("suspended", (await connection.StateAsync(suspended)).Text("state"));
            (await connection.AskAsync("""{"type":"vm/create","os":"tiny","meta":{"name":"kept"}}""")).MustBeError(409, "kept");
            await connection.AskAsync("vm/state", running, "\"subscribe\":true");
            await connection.BringAsync("vm/delete", running, "deleted");
            return 0;
        });

        // While it runs, by the database's address, and by the settings in the data directory.
        var online = JsonDocument.Parse(await HydravisorAsync("audit", "verify", "-o", "json", "--journal", Uri)).RootElement;
        Assert.Empty(Findings(online));
        Assert.True(online.Number("events") > 15);
        await node.SignalAsync("TERM");
        Assert.Equal(0, await node.ExitAsync());
        var check = await VerifyAsync(node, "--data", node.Data);
        Assert.Empty(Findings(check));
        Assert.Equal((0L, true), (check.Number("events_unsigned"), check.Flag("signatures_checked")));
        Assert.False(File.Exists(Path.Combine(node.Data, "journal.db")));
        var shown = await HydravisorAsync("audit", "show", "--data", node.Data, "--vm", running, "-o", "json");
        Assert.Contains("deleted", shown, StringComparison.Ordinal);
        await ExportIsWholeAsync(node);
    }

    [Fact]
    public async Task While_the_database_is_down_changes_are_503_and_reads_go_on_and_then_all_goes_on_by_itself()
    {
        var node = await StartNodeAsync(Named("one"));
        await using var connection = await node.ConnectAsync();
        var id = await connection.CreateRunningAsync();
        server.Kill();
        try
        {
            (await connection.AskAsync("vm/suspend", id)).MustBeError(503);
            Assert.Equal("running", (await connection.StateAsync(id)).Text("state"));
            (await connection.AskAsync("""{"type":"vm/create","os":"tiny"}""")).MustBeError(503);
            Assert.Single((await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").EnumerateArray());
        }
        finally
        {
            server.Start();
        }

        await WireSteps.WhenPossibleAsync(() => connection.AskAsync("vm/suspend", id));
        await connection.BroadcastAsync(id, "suspended");
        var created = await WireSteps.WhenPossibleAsync(() => connection.AskAsync("""{"type":"vm/create","os":"tiny"}"""));
        await connection.BroadcastAsync(created.Id(), "running");
        await node.SignalAsync("TERM");
        Assert.Equal(0, await node.ExitAsync());
        Assert.Empty(Findings(await VerifyAsync(node, "--journal", Uri)));
    }

    [Fact]
    public async Task Nodes_that_share_a_database_keep_their_own_streams_and_both_keys_vouch_for_all()
    {
        var (one, two) = (await StartNodeAsync(Named("one")), await StartNodeAsync(Named("two")));
        var ids = await Task.WhenAll(new[] { one, two }.Select(node => DoAsync(node, connection => connection.CreateRunningAsync())));
        foreach (var node in (NodeUnderTest[])[one, two])
        {
            Assert.Single((await DoAsync(node, connection => connection.AskAsync("""{"type":"vm/list"}"""))).GetProperty("instances").EnumerateArray());
            await node.SignalAsync("TERM");
            Assert.Equal(0, await node.ExitAsync());
        }

        var check = await VerifyAsync(one, "--journal", Uri, "--public-key", KeyOf(two));
        Assert.Empty(Findings(check));
        Assert.Equal(0, check.Number("events_unsigned"));
        Assert.Equal(2, ids.Distinct().Count());

        // Whoever owns the database can alter it; the keys then tell.
        PostgresServer.Execute(_database, "set session_replication_role = replica; delete from journal where persistence_id = 'vm|two|" + ids[1] + "' and sequence_number > 3");
        var finding = Assert.Single((await VerifyAsync(one, "--journal", Uri, "--public-key", KeyOf(two))).GetProperty("findings").EnumerateArray());
        Assert.Equal(($"vm|two|{ids[1]}", 4L), (finding.Text("stream"), finding.Number("sequence")));
    }

    [Fact]
    public async Task A_second_process_of_the_same_name_does_not_start_and_says_why()
    {
        await StartNodeAsync(Named("one"));
        var (code, written) = await NewNode(Named("one")).RunToEndAsync();
        Assert.Equal(1, code);
        Assert.Contains("another process is the node 'one'", written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_was_fenced_writes_nothing_more_and_ends()
    {
        var node = await StartNodeAsync(Named("one"));
        await using var connection = await node.ConnectAsync();
        var id = await connection.CreateRunningAsync();
        PostgresServer.Execute(_database, "select hydravisor_claim('one', 'a test')");
        Assert.Equal(1, await node.ExitAsync());
        Assert.Contains("claim to be the node 'one' has ended", node.Output.Tail, StringComparison.Ordinal);
        await node.StartAsync();
        Assert.Equal("running", (await DoAsync(node, again => again.StateAsync(id))).Text("state"));
    }

    [Theory]
    [InlineData("postgresql://hv@127.0.0.1:1/none", "the journal postgresql://hv@127.0.0.1:1/none cannot be used")]
    [InlineData("postgresql://hv:geheim@h/j?nonsense=1", "hydravisor.journal.postgresql: the address of the database has a parameter 'nonsense'")]
    [InlineData("mysql://hv@h/j", "hydravisor.journal.postgresql: 'mysql://hv@h/j' is no address of a PostgreSQL database")]
    public async Task A_database_that_cannot_be_used_is_told_in_a_sentence(string uri, string sentence)
    {
        var (code, written) = await NewNode(new NodeOptions { Conf = $"hydravisor.journal.postgresql = \"{uri}\"" }).RunToEndAsync();
        Assert.Equal(1, code);
        Assert.Contains("stderr: hydravisor: " + sentence, written, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", written, StringComparison.Ordinal);
    }

    private NodeOptions Named(string name) => new() { Conf = $"hydravisor.node.name = {name}\nhydravisor.journal.postgresql = \"{Uri}\"\nhydravisor.journal.claim-timeout = 2s" };

    private static string KeyOf(NodeUnderTest node) => Path.Combine(node.Data, "node-key.pub.pem");

    private static async Task<JsonElement> VerifyAsync(NodeUnderTest node, params string[] more) =>
        JsonDocument.Parse(await HydravisorAsync(["audit", "verify", "-o", "json", "--public-key", KeyOf(node), .. more])).RootElement;

    private static async Task ExportIsWholeAsync(NodeUnderTest node)
    {
        var bundle = Path.Combine(node.Data, "evidence.tar.gz");
        await HydravisorAsync("audit", "export", "--data", node.Data, "--to", bundle);
        var check = JsonDocument.Parse(await HydravisorAsync("audit", "verify", "--bundle", bundle, "--public-key", KeyOf(node), "-o", "json")).RootElement;
        Assert.Empty(Findings(check));
    }

    private static IEnumerable<string> Findings(JsonElement check) => check.GetProperty("findings").EnumerateArray().Select(finding => finding.GetRawText());

    // verify ends with 1 where it found something, and says what on standard output.
    private static async Task<string> HydravisorAsync(params string[] arguments)
    {
        var ran = await Run.AnyAsync(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), .. arguments]);
        Assert.True(ran.Error.Length == 0, ran.Error);
        return ran.Output;
    }
}
