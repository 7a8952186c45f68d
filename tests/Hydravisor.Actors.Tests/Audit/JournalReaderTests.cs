using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests.Audit;

/// <summary>A journal in a database reads as the same one in a file, and what is altered in it is found.</summary>
[Collection(PostgresTests.Name)]
public sealed class JournalReaderTests : IAsyncLifetime
{
    private const string Vm = "vm|node-1|vm-0123456789ab";
    private readonly TemporaryDirectory _directory = new();
    private readonly JournalAddress.Database _database;
    private readonly JournalAddress.SqliteFile _file;
    private readonly WrittenJournal _written = WrittenJournal.OfOneVm();
    private readonly NodeKey _key;
    private NodeClaim _claim = null!;

    public JournalReaderTests(PostgresServer server)
    {
        _database = server.CreateDatabase();
        _file = new JournalAddress.SqliteFile(Path.Combine(_directory.Path, "journal.db"));
        _key = NodeKey.Open(_directory.Path);
    }

    public async Task InitializeAsync()
    {
        _claim = await NodeClaim.TakeAsync(_database, "node-1", TimeSpan.Zero, TimeProvider.System, _ => { });
        _written.Snapshot(Vm);
        _written.Sign(_key);
        _written.Add(Vm, VmEvents.Vocabulary, Cause.Observed("guest:gone"), new VmEvents.Stopped(3, "guest"));
        _written.Add("ledger|node-1", LedgerEvents.Vocabulary, Cause.Observed("node:started"), new LedgerEvents.NodeStarted("1", 1, "x " + WrittenJournal.Id));
        _written.Sign(_key);
        _written.Snapshots.Add(("vm|node-1|vm-00000000dead", 3, "vm.snapshot.v1", "{}"u8.ToArray()));
        _written.Write(_file.File);
        _written.Write(_claim.Journal);
    }

    public async Task DisposeAsync()
    {
        await _claim.DisposeAsync();
        _key.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Both_read_alike_whatever_is_asked_for()
    {
        using var file = JournalReader.Open(_file);
        using var database = JournalReader.Open(_database);
        Func<JournalReader, IEnumerable<JournalRow>>[] asked =
        [
            reader => reader.Rows(),
            reader => reader.RowsAsStored(),
            reader => reader.RowsAsStored(WrittenJournal.Id.Value),
            reader => reader.RowsSince(0),
            reader => reader.RowsOf("|" + WrittenJournal.Id),
            reader => reader.RowsFrom("vm|"),
            reader => reader.RowsIn(Vm),
            reader => reader.LedgerOf("node-1"),
            reader => reader.Checkpoints(),
        ];
        Assert.All(asked, ask =>
        {
            var rows = ask(file).Select(Told).ToList();
            Assert.NotEmpty(rows);
            Assert.Equal(rows, ask(database).Select(Told));
        });
        Assert.Equal(file.Streams(), database.Streams());
        Assert.Equal(file.StreamsWithoutEvents(), database.StreamsWithoutEvents());
        using var fresh = JournalReader.Open(_database);
        Assert.Equal(file.Snapshots(Vm).Select(row => (row.Sequence, row.Head, Convert.ToHexString(row.Bytes!))), fresh.Snapshots(Vm).Select(row => (row.Sequence, row.Head, Convert.ToHexString(row.Bytes!))));
        Assert.Equal(file.Snapshots(Vm).Select(row => row.Head), database.Snapshots(Vm).Select(row => row.Head));
        Assert.Empty(database.RowsAsStored("vm-00000000aaaa"));

        static string Told(JournalRow row) => $"{row.Stream} {row.Sequence} {row.Manifest} {Convert.ToHexString(row.Bytes)} {row.Ordering} {row.Deleted}";
    }

    [Fact]
    public void A_journal_as_it_was_written_is_found_whole()
    {
        var check = Check(_database);
        Assert.Equal(["vm|node-1|vm-00000000dead"], check.Findings.Select(finding => finding.Stream));
        Assert.Equal((long)_written.Rows.Count, check.Events);
        Assert.Equal(0, check.Unsigned);
    }

    [Theory]
    [InlineData("update journal set message = convert_to(replace(convert_from(message, 'UTF8'), '\"web\"', '\"wev\"'), 'UTF8') where persistence_id like 'vm|%' and sequence_number = 1", "vm|node-1|vm-0123456789ab", 1)]
    [InlineData("delete from journal where persistence_id like 'vm|%' and sequence_number = 4", "vm|node-1|vm-0123456789ab", 4)]
    [InlineData("delete from journal where persistence_id like 'vm|%' and sequence_number >= 6", "vm|node-1|vm-0123456789ab", 6)]
    [InlineData("update journal set sequence_number = 103 - sequence_number where persistence_id like 'vm|%' and sequence_number between 3 and 4; update journal set sequence_number = sequence_number - 96 where sequence_number > 90", "vm|node-1|vm-0123456789ab", 3)]
    [InlineData("update journal set manifest = 'vm.suspended.v9' where persistence_id like 'vm|%' and sequence_number = 2", "vm|node-1|vm-0123456789ab", 2)]
    [InlineData("update journal set deleted = true where persistence_id like 'vm|%' and sequence_number = 8", "vm|node-1|vm-0123456789ab", 8)]
    [InlineData("delete from journal where persistence_id = 'ledger|node-1'", "ledger|node-1", 1)]
    [InlineData("delete from journal where persistence_id = 'checkpoint|node-1' and sequence_number = 1", "checkpoint|node-1", 1)]
    public void What_the_owner_of_the_database_alters_is_found(string sql, string stream, long sequence)
    {
        PostgresServer.Execute(_database, "set session_replication_role = replica; " + sql);
        Assert.Contains((stream, sequence), Check(_database).Findings.Select(finding => (finding.Stream, finding.Sequence)));
    }

    [Fact]
    public void What_is_stored_later_is_read_since_a_place()
    {
        long place;
        using (var before = JournalReader.Open(_database))
        {
            place = before.Place;
        }

        _written.Add(Vm, VmEvents.Vocabulary, Cause.Observed("x"), new VmEvents.Provisioned(9));
        _written.Rows.TakeLast(1).Write(_claim.Journal);
        using var after = JournalReader.Open(_database);
        Assert.Equal(_written.Rows[^1].Sequence, Assert.Single(after.RowsSince(place)).Sequence);
    }

    [Fact]
    public void A_database_without_a_journal_is_told_so()
    {
        PostgresServer.Execute(_database, "drop table journal cascade");
        Assert.Contains("has no journal", Assert.Throws<JournalUnreadableException>(() => JournalReader.Open(_database)).Message, StringComparison.Ordinal);
        var nobody = new JournalAddress.Database("Host=127.0.0.1;Port=1;Username=u;Password=geheim;Database=d");
        var refusal = Assert.Throws<JournalUnreadableException>(() => JournalReader.Open(nobody)).Message;
        Assert.StartsWith("postgresql://u@127.0.0.1:1/d cannot be read", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", refusal, StringComparison.Ordinal);
    }

    private JournalCheck Check(JournalAddress journal)
    {
        using var reader = JournalReader.Open(journal);
        return JournalCheck.Run(reader, heads: null, [_key.Public()], [], CancellationToken.None);
    }
}
