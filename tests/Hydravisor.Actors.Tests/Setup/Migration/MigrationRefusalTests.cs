using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Migration;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Audit;
using Hydravisor.Actors.Tests.Journal;

namespace Hydravisor.Actors.Tests.Setup.Migration;

/// <summary>What is not moved, and what is said of it. Each time a dry run says the same, and nothing is changed.</summary>
[Collection(PostgresTests.Name)]
public sealed class MigrationRefusalTests(PostgresServer server) : JournalMigrationTest(server)
{
    [Fact]
    public async Task Names_and_ids_that_others_have_are_all_told_and_nothing_is_half_done()
    {
        Write(Some("web", "db", "free"));
        await using (await NodeClaim.TakeAsync(Database, "other", TimeSpan.Zero, TimeProvider.System, _ => { }))
        {
            PostgresServer.Execute(Database, $"""
                insert into hydravisor_vm values ('vm-00000000aaaa', 'other', 'web', 'a', 1, 1, 1, 'there'), ('{IdOf(1)}', 'other', 'x', 'a', 1, 1, 1, 'deleted'),
                    ('vm-00000000aaab', 'other', 'free', 'a', 1, 1, 1, 'deleted'), ('{IdOf(99)}', 'other', 'gone', 'a', 1, 1, 1, 'there')
                """);
        }

        var message = await RefusedAsync();
        Assert.Contains("2 of its VMs", message, StringComparison.Ordinal);
        Assert.Contains($"{IdOf(0)}: its name 'web' is that of vm-00000000aaaa on the node other", message, StringComparison.Ordinal);
        Assert.Contains($"{IdOf(1)} ('db'): the node other has or had a VM of that id", message, StringComparison.Ordinal);
        PostgresServer.Execute(Database, $"delete from hydravisor_vm where name in ('web', 'x')");

        // One that is deleted wants neither its name nor its id.
        await MigrateAsync();
        Assert.Equal("other there", Assert.Single(Ask(Database, $"select node, state from hydravisor_vm where id = '{IdOf(99)}'")));
    }

    [Fact]
    public async Task A_name_that_is_taken_in_the_middle_is_a_refusal_too()
    {
        Write(Some("web"));
        await using (await NodeClaim.TakeAsync(Database, "other", TimeSpan.Zero, TimeProvider.System, _ => { }))
        {
            PostgresServer.Execute(Database, """
                create function took() returns trigger language plpgsql as $$ begin
                    insert into hydravisor_vm values ('vm-00000000aaaa', 'other', 'web', 'a', 1, 1, 1, 'there'); return new; end $$;
                create trigger took before insert on journal for each row when (new.ordering = 2) execute function took()
                """);
        }

        Assert.Contains($"web ({IdOf(0)})", (await Assert.ThrowsAsync<MigrationRefusedException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
        Assert.Empty(Ask(Database, "select 1 from journal"));
    }

    [Fact]
    public async Task A_node_that_runs_keeps_its_journal()
    {
        Write(Some("web"));
        using var running = DataDirectory.Open(Directory, "");
        Assert.Contains("a node runs on", (await Assert.ThrowsAsync<SettingException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
        Assert.Contains("a node runs on", (await Assert.ThrowsAsync<SettingException>(() => MigrateAsync(dryRun: true))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_another_program_has_open_stays()
    {
        Write(Some("web"));
        using (var open = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={File};Mode=ReadOnly;Pooling=False"))
        {
            open.Open();
            using var reading = open.BeginTransaction(deferred: true);
            using var read = open.CreateCommand();
            (read.CommandText, read.Transaction) = ("select count(*) from journal", reading);
            Assert.Equal(6L, read.ExecuteScalar());
            Assert.Contains("If another program has it open, end that", (await Assert.ThrowsAsync<SettingException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
        }

        Assert.Empty(Ask(Database, "select 1 from journal"));
        await MigrateAsync();
    }

    [Fact]
    public async Task A_process_of_that_name_in_the_database_keeps_others_out()
    {
        Write(Some("web"));
        await using var claim = await NodeClaim.TakeAsync(Database, Node, Wait.Limit, TimeProvider.System, _ => { });
        foreach (var dryRun in new[] { false, true })
        {
            var refused = await Assert.ThrowsAsync<SettingException>(() => (Migration() with { ClaimTimeout = TimeSpan.Zero }).RunAsync(dryRun, CancellationToken.None));
            Assert.Contains("another process is the node 'node-1'", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Another_journal_of_that_name_is_left_alone()
    {
        using (var elsewhere = new TemporaryDirectory())
        {
            Write(Some("db"), elsewhere.Path);
            await (Migration() with { Directory = elsewhere.Path }).RunAsync(dryRun: false, CancellationToken.None);
        }

        Write(Some("web"));
        Assert.Contains("has 6 events of the node 'node-1' already, and they are not those of", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_of_another_version_are_left_alone()
    {
        Write(Some("web"));
        await using (await NodeClaim.TakeAsync(Database, "other", TimeSpan.Zero, TimeProvider.System, _ => { }))
        {
            PostgresServer.Execute(Database, "update hydravisor_schema set version = 2");
        }

        Assert.Contains("tables of version 2", (await Assert.ThrowsAsync<SettingException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
        Assert.Contains("tables of version 2", (await Assert.ThrowsAsync<SettingException>(() => MigrateAsync(dryRun: true))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update journal set message = cast(replace(cast(message as text), 'a1f0', 'ffff') as blob) where ordering = 1", "hydravisor audit verify --journal")]
    [InlineData("delete from journal where ordering = 2", "hydravisor audit verify --journal")]
    [InlineData("update journal set deleted = 1 where ordering = 2", "is marked as deleted")]
    [InlineData("update journal set persistence_id = replace(persistence_id, 'node-1', 'node-2')", "another stream")]
    [InlineData("insert into snapshot (persistence_id, sequence_number, created, manifest, serializer_id) values ('vm|node-2|x', 1, 0, 'vm.snapshot.v1', 7411)", "not as it was written")]
    [InlineData("insert into journal_metadata (persistence_id, sequence_number) values ('vm|node-2|x', 1)", "the stream vm|node-2|x, which is not of the node 'node-1'")]
    [InlineData("pragma user_version = 9", "it is of version 9")]
    [InlineData("create table more (x)", "its tables are journal: ")]
    [InlineData("alter table journal add column more text", "writer_uuid, more; ")]
    [InlineData("insert into tags values (1, 'x', 1, 'x')", "it has tags")]
    [InlineData("update journal set manifest = 'vm.created.v2' where ordering = 1", "it has the event 'vm.created.v2'")]
    [InlineData("update journal set identifier = 1", "of serializer 1")]
    [InlineData("update snapshot set manifest = 'vm.snapshot.v7'", "it has the snapshot 'vm.snapshot.v7'")]
    [InlineData("delete from journal; delete from snapshot", "has no events")]
    public async Task A_journal_that_is_not_as_a_node_of_this_version_wrote_it_is_not_moved(string alteration, string sentence)
    {
        Write(Some("web"));
        WrittenJournal.Alter(File, alteration);
        Assert.Contains(sentence, await RefusedAsync(), StringComparison.Ordinal);
        Assert.Empty(Ask(Database, "select relname from pg_class where relnamespace = 'public'::regnamespace"));
    }

    [Fact]
    public async Task What_is_no_data_directory_with_a_journal_is_told()
    {
        Assert.Contains("it has no node-name", (await Assert.ThrowsAsync<SettingException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
        System.IO.File.WriteAllText(Path.Combine(Directory, "node-name"), Node);
        Assert.Contains("there is no file", (await Assert.ThrowsAsync<JournalUnreadableException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
        System.IO.File.WriteAllText(File, "no database at all, but long enough to be looked at");
        Assert.Contains("no SQLite file", (await Assert.ThrowsAsync<JournalUnreadableException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
        System.IO.File.WriteAllText(File + ".migrated", "");
        Assert.Contains("both lie there", (await Assert.ThrowsAsync<MigrationRefusedException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
        Assert.Contains("there is no directory", (await Assert.ThrowsAsync<SettingException>(() => (Migration() with { Directory = Directory + "/none" }).RunAsync(dryRun: false, CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, false, false, true, null)]
    [InlineData(false, true, false, true, null)]
    [InlineData(false, true, true, true, null)]
    [InlineData(false, false, true, true, "was moved into PostgreSQL")]
    [InlineData(true, false, false, true, null)]
    [InlineData(true, false, true, true, null)]
    [InlineData(true, true, false, false, null)]
    [InlineData(true, true, false, true, "hydravisor journal migrate")]
    [InlineData(true, true, true, true, "hydravisor journal migrate")]
    public void A_node_begins_where_its_journal_is_and_nowhere_else(bool isShared, bool isThere, bool wasMigrated, bool hasEvents, string? sentence)
    {
        var why = MigratedFile.WhyNotBegin(isShared, isThere, wasMigrated, () => hasEvents, "journal.db");
        Assert.Equal(sentence is null, why is null);
        Assert.Contains(sentence ?? "", why ?? "", StringComparison.Ordinal);
    }

    private async Task<string> RefusedAsync()
    {
        var events = AskFile(File, "select * from journal");
        var dry = (await Assert.ThrowsAsync<MigrationRefusedException>(() => MigrateAsync(dryRun: true))).Message;
        var wet = (await Assert.ThrowsAsync<MigrationRefusedException>(() => MigrateAsync())).Message;
        Assert.Equal(dry, wet);
        Assert.Equal(events, AskFile(File, "select * from journal"));
        return wet;
    }
}
