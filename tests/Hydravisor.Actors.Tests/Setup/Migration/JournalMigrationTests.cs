using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Migration;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Audit;
using Hydravisor.Actors.Tests.Journal;
using Npgsql;

namespace Hydravisor.Actors.Tests.Setup.Migration;

/// <summary>What a migration brings, and what it leaves where it was ended.</summary>
[Collection(PostgresTests.Name)]
public sealed class JournalMigrationTests(PostgresServer server) : JournalMigrationTest(server)
{
    private const string Events = "select ordering, created, persistence_id, sequence_number, message, manifest, identifier, writer_uuid from journal order by ordering";
    private const string Snapshots = "select persistence_id, sequence_number, created, snapshot, manifest, serializer_id from snapshot order by 1, 2";
    private const string Marks = "select persistence_id, sequence_number from journal_metadata order by 1, 2";
    private const string Vms = "select id, node, name, owner, vcpus, ram_bytes, disk_bytes, state from hydravisor_vm order by 1";

    [Fact]
    public async Task Every_row_is_there_as_it_was_and_the_next_event_comes_after_them()
    {
        Write(Some("web", "db"));
        WrittenJournal.Alter(File, "update sqlite_sequence set seq = 50 where name = 'journal'");
        WrittenJournal.Alter(File, "insert into journal_metadata (persistence_id, sequence_number) values ('vm|node-1|x', 3)");
        List<string>[] before = [AskFile(File, Events), AskFile(File, Snapshots), AskFile(File, Marks)];
        var heads = Check(new JournalAddress.SqliteFile(File)).Heads;
        var done = await MigrateAsync();
        Assert.IsType<MigrationDecision.Move>(done.Decision);
        Assert.Equal((4L, 8L, 1L, 2, 1L), (done.Journal.Check.Streams, done.Journal.Check.Events, done.Journal.Snapshots, done.Journal.Vms.Count, done.Journal.DeletedVms));
        var check = Check(Database);
        Assert.Empty(check.Findings);
        Assert.Equal(heads.OrderBy(head => head.Key), check.Heads.OrderBy(head => head.Key));
        Assert.Equal(before, [Ask(Database, Events), Ask(Database, Snapshots), Ask(Database, Marks)]);
        Assert.Equal(
            [$"{IdOf(0)} node-1 web a1f0 1 1048576 0 there", $"{IdOf(1)} node-1 db a1f0 1 1048576 0 there", $"{IdOf(99)} node-1 gone a1f0 1 1048576 0 deleted"],
            Ask(Database, Vms));

        Assert.Equal(["journal.db.migrated"], System.IO.Directory.GetFiles(Directory, "journal*").Select(Path.GetFileName));
        Assert.Equal(before[0], AskFile(File + ".migrated", Events));
        await using var claim = await NodeClaim.TakeAsync(Database, Node, Wait.Limit, TimeProvider.System, _ => { });
        WriteEvent(claim.Journal, StreamOf(0), 3);
        Assert.Equal("9", Assert.Single(Ask(Database, $"select ordering from journal where persistence_id = '{StreamOf(0)}' and sequence_number = 3")));
    }

    [Fact]
    public async Task Ended_between_the_commit_and_the_new_name_it_is_known_again_and_only_renamed()
    {
        Write(Some("web"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => (Migration() with { Committed = () => throw new InvalidOperationException("ended") }).RunAsync(dryRun: false, CancellationToken.None));
        var rows = Ask(Database, "select stored from journal order by 1");
        Assert.NotEmpty(rows);
        Assert.True(System.IO.File.Exists(File));
        Assert.IsType<MigrationDecision.OnlyRename>((await MigrateAsync(dryRun: true)).Decision);
        Assert.True(System.IO.File.Exists(File));
        Assert.IsType<MigrationDecision.OnlyRename>((await MigrateAsync()).Decision);
        Assert.False(System.IO.File.Exists(File));
        Assert.Equal(rows, Ask(Database, "select stored from journal order by 1"));
        Assert.Contains("was moved before", (await Assert.ThrowsAsync<MigrationRefusedException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_database_fails_in_the_middle_nothing_is_there_and_the_next_run_moves_all()
    {
        Write(Some("web"));
        await PrepareAsync();
        PostgresServer.Execute(Database, """
            create function broken() returns trigger language plpgsql as $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$;
            create trigger zz_broken before insert on journal for each row when (new.ordering = 4) execute function broken()
            """);
        Assert.Contains("the disk is full", (await Assert.ThrowsAsync<SettingException>(() => MigrateAsync())).Message, StringComparison.Ordinal);
        Assert.Empty(Ask(Database, "select 1 from journal union all select 1 from hydravisor_vm union all select 1 from hydravisor_node"));
        PostgresServer.Execute(Database, "drop trigger zz_broken on journal");
        Assert.IsType<MigrationDecision.Move>((await MigrateAsync()).Decision);
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_moved_and_changes_nothing()
    {
        Write(Some("web", "db"));
        var before = Files();
        var done = await MigrateAsync(dryRun: true);
        Assert.IsType<MigrationDecision.Move>(done.Decision);
        Assert.Equal((8L, 2), (done.Journal.Check.Events, done.Journal.Vms.Count));
        Assert.Equal(before, Files());
        Assert.Empty(Ask(Database, "select relname from pg_class where relnamespace = 'public'::regnamespace"));
        await PrepareAsync();
        await MigrateAsync(dryRun: true);
        Assert.Equal(before, Files());
        Assert.Empty(Ask(Database, "select 1 from journal union all select 1 from hydravisor_node"));
    }

    [Fact]
    public async Task Two_nodes_move_one_after_another_into_one_database()
    {
        Write(Some("web"));
        await using (var other = await NodeClaim.TakeAsync(Database, "other", TimeSpan.Zero, TimeProvider.System, _ => { }))
        {
            // A name that was let go is free, and the other node goes on meanwhile.
            WriteEvent(other.Journal, "vm|other|vm-00000000aaaa", 1, """{"event":{"spec":{"name":"web"}}}""");
            WriteEvent(other.Journal, "vm|other|vm-00000000aaaa", 2, "{}", "vm.deleted.v1");
            await MigrateAsync();
            WriteEvent(other.Journal, "vm|other|vm-00000000aaab", 1, """{"event":{"spec":{"name":"gone"}}}""");
            Assert.Equal(PostgresSchema.NameTaken, Assert.Throws<PostgresException>(() =>
                WriteEvent(other.Journal, "vm|other|vm-00000000aaac", 1, """{"event":{"spec":{"name":"web"}}}""")).SqlState);
        }
    }

    [Fact]
    public async Task Only_the_transaction_that_began_a_migration_may_say_where_events_stand()
    {
        await using var claim = await NodeClaim.TakeAsync(Database, Node, Wait.Limit, TimeProvider.System, _ => { });
        PostgresServer.Execute(claim.Journal, "set hydravisor.migrating = '1'; insert into journal (ordering, created, deleted, persistence_id, sequence_number, message) values (77, 0, false, 'node|node-1', 1, '{}')");
        Assert.Equal("1", Assert.Single(Ask(Database, "select ordering from journal")));
        Assert.Equal(PostgresSchema.NotToMigrate, Assert.Throws<PostgresException>(() => PostgresServer.Execute(claim.Journal, "select hydravisor_migrate_end()")).SqlState);
        Assert.Equal(PostgresSchema.NotToMigrate, Assert.Throws<PostgresException>(() => PostgresServer.Execute(Database, "select hydravisor_migrate_begin('node-1', 'a test')")).SqlState);
        Assert.Equal("1", Assert.Single(Ask(Database, "select epoch from hydravisor_node")));
    }

    private async Task PrepareAsync() => await (await NodeClaim.HoldAsync(Database, "any", TimeSpan.Zero, opened => PostgresSchema.PrepareAsync(opened, "a test"), CancellationToken.None)).DisposeAsync();

    // But for what SQLite keeps beside a file while somebody reads it.
    private List<string> Files() =>
        [.. System.IO.Directory.GetFiles(Directory).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal) && new FileInfo(file).Length > 0).Order().Select(file => $"{Path.GetFileName(file)} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.IO.File.ReadAllBytes(file)))}")];

    private static void WriteEvent(JournalAddress.Database journal, string stream, long number, string message = "{}", string manifest = "vm.created.v1") => PostgresServer.Execute(
        journal,
        "insert into journal (created, deleted, persistence_id, sequence_number, manifest, message, identifier) values (0, false, $1, $2, $3, convert_to($4, 'UTF8'), 7411)",
        stream, number, manifest, message);
}
