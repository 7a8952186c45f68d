using CsCheck;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Migration;
using Hydravisor.Actors.Tests.Audit;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests.Setup.Migration;

/// <summary>Random journals.</summary>
[Collection(PostgresTests.Name)]
public sealed class MigrationPropertyTests(PostgresServer server) : JournalMigrationTest(server)
{
    // What is done next, and to which of a few VMs: made (or noted in the registry where it is there), changed, deleted, a snapshot, a checkpoint.
    private static readonly Gen<(int What, int Vm, string Text)[]> Steps = Gen.Select(Gen.Int[0, 7], Gen.Int[0, 4], Gen.String[0, 12]).Array[1, 40];

    [Fact]
    public void Heads_before_are_heads_after_and_checkpoints_hold() => Steps.Sample(
        steps =>
        {
            using var key = NodeKey.New();
            var (journal, there) = Written(steps, key);
            var database = Server.CreateDatabase();
            using var directory = new TemporaryDirectory();
            Write(journal, directory.Path);
            var done = new JournalMigration(directory.Path, database, Wait.Limit).RunAsync(dryRun: false, CancellationToken.None).GetAwaiter().GetResult();
            Assert.IsType<MigrationDecision.Move>(done.Decision);
            using var reader = Actors.Audit.JournalReader.Open(database);
            var check = Actors.Audit.JournalCheck.Run(reader, journal.Heads, journal.Rows.Exists(row => row.Manifest == Checkpoint.Manifest) ? [key.Public()] : [], [], CancellationToken.None);
            Assert.Empty(check.Findings);
            Assert.Equal(journal.Heads.OrderBy(head => head.Key), check.Heads.OrderBy(head => head.Key));
            Assert.Equal(journal.Rows.Select(row => (row.Stream, row.Sequence, Convert.ToHexString(row.Bytes))), reader.RowsAsStored().Select(row => (row.Stream, row.Sequence, Convert.ToHexString(row.Bytes))));
            Assert.Equal(there.Order(), Ask(database, "select id from hydravisor_vm where state = 'there' and node = 'node-1'").Order());
        },
        iter: 12,
        threads: 1);

    private static (WrittenJournal Journal, List<string> There) Written((int What, int Vm, string Text)[] steps, NodeKey key)
    {
        var (journal, lives, snapshots) = (new WrittenJournal(), new Dictionary<int, int>(), new HashSet<(string, long)>());
        journal.Add("node|node-1", RegistryEvents.Vocabulary, Cause.Observed("begun"), new RegistryEvents.Resumed());
        foreach (var (what, vm, text) in steps)
        {
            // A VM of the same name again is another VM.
            var number = (100 * vm) + Math.Abs(lives.GetValueOrDefault(vm));
            var (stream, isThere) = (StreamOf(number), lives.TryGetValue(vm, out var life) && life >= 0 && journal.Rows.Exists(row => row.Stream == StreamOf(number)));
            switch (what)
            {
                case <= 2 when !isThere:
                    lives[vm] = Math.Abs(lives.GetValueOrDefault(vm));
                    Life(journal, IdOf(number), $"name-{vm}", isDeleted: false);
                    break;
                case <= 4 when isThere:
                    journal.Add(stream, VmEvents.Vocabulary, WrittenJournal.Asked(text), new VmEvents.Failed(text));
                    break;
                case 5 when isThere:
                    journal.Add(stream, VmEvents.Vocabulary, Cause.Observed(text), new VmEvents.Deleted(1));
                    lives[vm] = lives[vm] + 1;
                    break;
                case 6 when isThere && snapshots.Add((stream, journal.Rows.Count(row => row.Stream == stream))):
                    journal.Snapshot(stream);
                    break;
                case 7:
                    journal.Sign(key);
                    break;
                default:
                    journal.Add("node|node-1", RegistryEvents.Vocabulary, Cause.Observed(text), new RegistryEvents.Cordoned(text));
                    break;
            }
        }

        var deleted = journal.Rows.Where(row => row.Manifest == "vm.deleted.v1").Select(row => row.Stream).ToHashSet();
        return (journal, [.. journal.Rows.Select(row => row.Stream).Distinct().Where(row => row.StartsWith("vm|", StringComparison.Ordinal) && !deleted.Contains(row)).Select(row => row.Split('|')[2])]);
    }
}
