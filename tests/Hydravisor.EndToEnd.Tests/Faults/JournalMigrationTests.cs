using System.Diagnostics;
using System.Text.Json;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.EndToEnd.Tests.Harness;
using Npgsql;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Faults;

/// <summary>A node that had a journal of its own goes on over a database.</summary>
[Collection(PostgresTests.Name)]
public sealed class JournalMigrationTests(PostgresServer server, ITestOutputHelper output) : EndToEndTest(output)
{
    private readonly JournalAddress.Database _database = server.CreateDatabase();

    private string Uri => server.UriOf(_database);

    [Fact]
    public async Task Its_vms_are_the_same_afterwards_and_so_are_the_heads()
    {
        var node = await StartNodeAsync(new NodeOptions { Conf = "hydravisor.node.name = one" });
        var before = await DoAsync(node, MakeAsync);
        await StopAsync(node);
        var heads = Path.Combine(node.Data, "heads.json");
        await OkAsync("audit", "verify", "--data", node.Data, "--save-heads", heads);

        var dry = JsonDocument.Parse(await OkAsync("journal", "migrate", "--data", node.Data, "--to", Uri, "--dry-run", "-o", "json")).RootElement;
        Assert.Equal((true, 3L, 1L), (dry.Flag("dry_run"), dry.Number("vms"), dry.Number("vms_deleted")));
        var told = await OkAsync("journal", "migrate", "--data", node.Data, "--to", Uri);
        Assert.Contains($"the file is now {Journal(node)}.migrated", told, StringComparison.Ordinal);
        Assert.Contains("Set hydravisor.journal.postgresql", told, StringComparison.Ordinal);

        // Without the database the node would know nothing; and there it has all that it had.
        var (code, written) = await node.RunToEndAsync();
        Assert.Equal(1, code);
        Assert.Contains("the journal of this node was moved into PostgreSQL", written, StringComparison.Ordinal);
        var over = await StartNodeAsync(new NodeOptions { OnDataOf = node.Data, Conf = OverDatabase("one") });
        Assert.Equal(before, await DoAsync(over, ListAsync));
        var verified = JsonDocument.Parse(await OkAsync("audit", "verify", "--data", node.Data, "--heads", heads, "--public-key", Path.Combine(node.Data, "node-key.pub.pem"), "-o", "json")).RootElement;
        Assert.Empty(verified.GetProperty("findings").EnumerateArray());
        await DoAsync(over, GoOnAsync);
        await StopAsync(over);
        var after = JsonDocument.Parse(await OkAsync("audit", "verify", "--data", node.Data, "--heads", heads, "--public-key", Path.Combine(node.Data, "node-key.pub.pem"), "-o", "json")).RootElement;
        Assert.Equal((0L, true), (after.Number("events_unsigned"), after.Flag("signatures_checked")));
    }

    [Fact]
    public async Task A_node_does_not_begin_over_a_database_while_its_own_journal_has_events()
    {
        var node = await StartNodeAsync(new NodeOptions { Conf = "hydravisor.node.name = one" });
        var refused = await HydravisorAsync("journal", "migrate", "--data", node.Data, "--to", Uri);
        Assert.Equal((1, $"hydravisor: a node runs on {node.Data}; stop it first (scripts/down)\n"), (refused.Code, refused.Error));
        await StopAsync(node);
        var over = NewNode(new NodeOptions { OnDataOf = node.Data, Conf = OverDatabase("one") });
        var (code, written) = await over.RunToEndAsync();
        Assert.Equal(1, code);
        Assert.Contains("hydravisor journal migrate", written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_while_it_copies_it_leaves_nothing_and_killed_while_it_commits_it_is_finished_by_the_next_run()
    {
        var node = await StartNodeAsync(new NodeOptions { Conf = "hydravisor.node.name = one" });
        await DoAsync(node, MakeAsync);
        await StopAsync(node);
        await (await NodeClaim.HoldAsync(_database, "any", TimeSpan.Zero, opened => PostgresSchema.PrepareAsync(opened, "a test"), CancellationToken.None)).DisposeAsync();
        PostgresServer.Execute(_database, "create function hold() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(1); return new; end $$");

        PostgresServer.Execute(_database, "create trigger zz_hold before insert on journal for each row when (new.ordering = 5) execute function hold()");
        await KillHeldAsync(node);
        Assert.Equal(0, Ask("select count(*) from journal"));
        Assert.True(File.Exists(Journal(node)));

        PostgresServer.Execute(_database, "drop trigger zz_hold on journal; create constraint trigger zz_hold after insert on journal deferrable initially deferred for each row when (new.ordering = 5) execute function hold()");
        await KillHeldAsync(node);
        var events = Ask("select count(*) from journal");
        Assert.True(events > 15, $"{events}");
        Assert.True(File.Exists(Journal(node)));
        var done = JsonDocument.Parse(await OkAsync("journal", "migrate", "--data", node.Data, "--to", Uri, "-o", "json")).RootElement;
        Assert.Equal((true, events), (done.Flag("was_there"), done.Number("events")));
        Assert.Equal(events, Ask("select count(*) from journal"));
        Assert.Equal(["journal.db.migrated"], Directory.GetFiles(node.Data, "journal*").Select(Path.GetFileName));
        await StopAsync(await StartNodeAsync(new NodeOptions { OnDataOf = node.Data, Conf = OverDatabase("one") }));
    }

    // Kills it with -9 where the database makes it wait, and then lets the database go on: it learns of the end when it would read or answer.
    private async Task KillHeldAsync(NodeUnderTest node)
    {
        await using var holder = (NpgsqlConnection)_database.Connect();
        await holder.OpenAsync();
        await using var hold = new NpgsqlCommand("select pg_advisory_lock(1)", holder);
        await hold.ExecuteNonQueryAsync();
        using (var migrating = Process.Start(new ProcessStartInfo(Dotnet, [Program, "journal", "migrate", "--data", node.Data, "--to", Uri])
        {
            Environment = { ["DOTNET_EnableDiagnostics"] = "0" },
        })!)
        {
            try
            {
                await Patience.UntilAsync(
                    () => Task.FromResult(Ask("select count(*) from pg_locks where locktype = 'advisory' and objid = 1 and not granted and database = (select oid from pg_database where datname = current_database())")),
                    waiting => waiting == 1,
                    _ => "It never came to where it is held.");
            }
            finally
            {
                migrating.Kill();
                await migrating.WaitForExitAsync();
            }
        }

        await holder.CloseAsync();
        await Patience.UntilAsync(
            () => Task.FromResult(Ask("select count(*) from pg_stat_activity where datname = current_database() and application_name like 'hydravisor%'")), left => left == 0, left => $"{left} connections stay.");
    }

    private static async Task<string> MakeAsync(RawConnection connection)
    {
        await connection.CreateRunningAsync("\"meta\":{\"name\":\"runs\"}");
        await connection.BringAsync("vm/suspend", await connection.CreateRunningAsync("\"meta\":{\"name\":\"sleeps\"}"), "suspended");
        await connection.BringAsync("vm/stop", await connection.CreateRunningAsync("\"meta\":{\"name\":\"stands\"}"), "stopped");
        await connection.BringAsync("vm/delete", await connection.CreateRunningAsync("\"meta\":{\"name\":\"gone\"}"), "deleted");
        return await ListAsync(connection);
    }

    // Names are kept, those of deleted VMs are free, and VMs go on where they stood.
    private static async Task<string> GoOnAsync(RawConnection connection)
    {
        (await connection.AskAsync("""{"type":"vm/create","os":"tiny","meta":{"name":"sleeps"}}""")).MustBeError(409, "sleeps");
        await connection.CreateRunningAsync("\"meta\":{\"name\":\"gone\"}");
        var sleeps = (await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").EnumerateArray().Single(vm => vm.Text("name") == "sleeps").Id();
        await connection.AskAsync("vm/state", sleeps, "\"subscribe\":true");
        await connection.BringAsync("vm/resume", sleeps, "running");
        await connection.BringAsync("vm/delete", sleeps, "deleted");
        return "";
    }

    private static async Task<string> ListAsync(RawConnection connection) => string.Join(
        '\n',
        (await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").EnumerateArray()
            .Select(vm => $"{vm.Id()} {vm.Text("name")} {vm.Text("state")} {vm.Number("incarnation")} {vm.Number("revision")}").Order());

    private static async Task StopAsync(NodeUnderTest node)
    {
        await node.SignalAsync("TERM");
        Assert.Equal(0, await node.ExitAsync());
    }

    private string OverDatabase(string name) => $"hydravisor.node.name = {name}\nhydravisor.journal.postgresql = \"{Uri}\"\nhydravisor.journal.claim-timeout = 2s";

    private static string Journal(NodeUnderTest node) => Path.Combine(node.Data, "journal.db");

    private static string Dotnet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private static string Program => Path.Combine(AppContext.BaseDirectory, "hydravisor.dll");

    private long Ask(string sql)
    {
        using var connection = (NpgsqlConnection)_database.Connect();
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return (long)command.ExecuteScalar()!;
    }

    private static Task<Ran> HydravisorAsync(params string[] arguments) => Run.AnyAsync(Dotnet, [Program, .. arguments]);

    private static async Task<string> OkAsync(params string[] arguments)
    {
        var ran = await HydravisorAsync(arguments);
        Assert.True(ran.Code == 0, $"{ran.Code}: {ran.Error}{ran.Output}");
        return ran.Output;
    }
}
