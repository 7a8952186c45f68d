using System.Text;
using CsCheck;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Audit;

/// <summary>Random journals, honest and not.</summary>
public sealed class ChainVerifierPropertyTests
{
    private static readonly Gen<(Cause Cause, IVmEvent Event)> Event = Gen.Select(
        Gen.Bool.Select(asked => asked ? WrittenJournal.Asked("rule-ü\"1") : Cause.Observed("outcome:boot")),
        Gen.OneOf<IVmEvent>(
            Gen.Long[0, 9].Select(n => (IVmEvent)new VmEvents.Provisioned(n)),
            Gen.Const((IVmEvent)new VmEvents.Created(WrittenJournal.Id, "n", "a", null, "d", WrittenJournal.Spec(), 1)),
            Gen.String[0, 20].Select(text => (IVmEvent)new VmEvents.Failed(text))));

    // Streams that interleave, some with snapshots, beside a registry.
    private static readonly Gen<WrittenJournal> Journals = Gen.Select(Gen.Int[0, 2], Event, Gen.Int[0, 9]).Array[2, 14].Select(steps =>
    {
        var journal = new WrittenJournal();
        foreach (var (which, (cause, e), snapshot) in steps)
        {
            var stream = which == 0 ? "node|node-1" : WrittenJournal.StreamOf(InstanceId.FromKey("a", "r", which));
            if (which == 0)
            {
                journal.Add(stream, RegistryEvents.Vocabulary, cause, new RegistryEvents.Voided(WrittenJournal.Id));
            }
            else
            {
                journal.Add(stream, VmEvents.Vocabulary, cause, e);
            }

            if (snapshot == 0)
            {
                journal.Snapshot(stream);
            }
        }

        return journal;
    });

    [Fact]
    public void An_honest_journal_gives_no_alarm_with_and_without_heads_and_as_it_grows() =>
        Journals.Sample(
            journal =>
            {
                using var directory = new TemporaryDirectory();
                var file = Path.Combine(directory.Path, "journal.db");
                journal.Write(file);
                var check = Run(file, null);
                Assert.Empty(check.Findings);
                Assert.Equal(journal.Rows.Count, check.Events);
                Assert.Equal(journal.Heads.OrderBy(head => head.Key), check.Heads.OrderBy(head => head.Key));
                Assert.Empty(Run(file, journal.Heads).Findings);
                var older = journal.Heads;
                journal.Add(journal.Rows[0].Stream, VmEvents.Vocabulary, Cause.Observed("later"), new VmEvents.Provisioned(1));
                Assert.Empty(Run(journal.Rows, older).Findings);
            },
            iter: 30,
            threads: 1);

    [Fact]
    public void Every_bit_that_flips_is_found()
    {
        Gen.Select(Journals, Gen.Int[0, 99]).Sample(
            (journal, which) =>
            {
                var index = which % journal.Rows.Count;
                var row = journal.Rows[index];
                foreach (var bad in Flipped(row))
                {
                    var rows = journal.Rows.ToList();
                    rows[index] = bad;
                    var findings = Run(rows, journal.Heads).Findings;
                    Assert.Contains(findings, finding => finding.Stream == row.Stream && (finding.Sequence == row.Sequence
                        // What it says of its predecessor is as good a reason to doubt that one.
                        || finding.Sequence == row.Sequence - 1 || bad.Sequence != row.Sequence));
                }
            },
            iter: 12,
            threads: 1);
    }

    [Fact]
    public void Whatever_is_done_to_the_file_is_found()
    {
        Gen.Select(Journals, Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, Alterations.Length - 1], Gen.Int[0, 7]).Sample(
            (journal, one, other, kind, bit) =>
            {
                using var directory = new TemporaryDirectory();
                var file = Path.Combine(directory.Path, "journal.db");
                journal.Write(file);
                var a = journal.Rows[one % journal.Rows.Count];
                var b = journal.Rows[other % journal.Rows.Count];
                if (Alterations[kind](file, a, b, bit))
                {
                    Assert.NotEmpty(Run(file, journal.Heads).Findings);
                }
            },
            iter: 300,
            threads: 1);
    }

    [Fact]
    public void Without_heads_all_is_found_but_the_end_of_a_stream()
    {
        Gen.Select(Journals, Gen.Int[0, 99]).Sample(
            (journal, which) =>
            {
                var index = which % journal.Rows.Count;
                var row = journal.Rows[index];
                var isLast = journal.Heads[row.Stream].Sequence == row.Sequence;
                var covered = !isLast || journal.Snapshots.Exists(snapshot => snapshot.Stream == row.Stream && snapshot.Sequence == row.Sequence);
                var altered = journal.Rows.ToList();
                altered[index] = row with { Manifest = row.Manifest + "x" };
                Assert.Equal(covered, Run(altered, null, journal).Findings.Count > 0);
                var cut = journal.Rows.ToList();
                cut.RemoveAt(index);
                Assert.Equal(covered, Run(cut, null, journal).Findings.Count > 0);
            },
            iter: 200,
            threads: 1);
    }

    private delegate bool Alteration(string file, JournalRow a, JournalRow b, int bit);

    private const string At = "where ordering = $0";

    private static readonly Alteration[] Alterations =
    [
        (file, a, b, bit) => Do(file, $"update journal set message = $1 {At}", a.Ordering, Flip(a.Bytes, (int)b.Ordering * 37 % a.Bytes.Length, bit)),
        (file, a, b, bit) => Do(file, $"update journal set manifest = cast($1 as text) {At}", a.Ordering, Flip(Encoding.UTF8.GetBytes(a.Manifest), (int)b.Ordering % a.Manifest.Length, bit)),
        (file, a, b, bit) => Do(file, $"update journal set persistence_id = cast($1 as text) {At}", a.Ordering, Flip(Encoding.UTF8.GetBytes(a.Stream), (int)b.Ordering % a.Stream.Length, bit)),
        (file, a, _, bit) => Do(file, $"drop index journal_uq; update journal set sequence_number = $1 {At}", a.Ordering, a.Sequence ^ (1L << bit)),
        (file, a, _, bit) => Do(file, $"drop index journal_uq; update journal set sequence_number = $1 {At}", a.Ordering, a.Sequence ^ (1L << (56 + bit))),
        (file, a, _, _) => Do(file, $"update journal set deleted = 1 {At}", a.Ordering),
        (file, a, _, _) => Do(file, $"delete from journal {At}", a.Ordering),
        (file, a, _, _) => Do(file, "delete from journal where persistence_id = $0 and sequence_number >= $1", a.Stream, a.Sequence),
        (file, a, _, _) => Do(file, "delete from journal where persistence_id = $0; delete from snapshot where persistence_id = $0", a.Stream),
        // Removed, and those after it numbered anew.
        (file, a, _, _) => Do(file, $"delete from journal {At}; drop index journal_uq; update journal set sequence_number = sequence_number - 1 where persistence_id = $1 and sequence_number > $2", a.Ordering, a.Stream, a.Sequence),
        // Two change places: by their numbers, by their streams and numbers, by their contents.
        (file, a, b, _) => a.Ordering != b.Ordering && Do(file, "drop index journal_uq; update journal set (persistence_id, sequence_number) = (select o.persistence_id, o.sequence_number from journal o where o.ordering = $0 + $1 - journal.ordering) where ordering in ($0, $1)", a.Ordering, b.Ordering),
        (file, a, b, _) => a.Ordering != b.Ordering && Do(file, $"update journal set message = $1, manifest = $2 {At}", a.Ordering, b.Bytes, b.Manifest)
            && Do(file, $"update journal set message = $1, manifest = $2 {At}", b.Ordering, a.Bytes, a.Manifest),
        // A second one of its number; one of another stream; one between that names its predecessor rightly.
        (file, a, b, _) => Do(file, $"drop index journal_uq; {Insert}", a.Stream, a.Sequence, b.Manifest, b.Bytes),
        (file, a, b, _) => Forge(file, a, b),
        // The end of another stream behind this one.
        (file, a, b, _) => a.Stream != b.Stream && Do(file, $"drop index journal_uq; {Insert}", a.Stream, a.Sequence + 1000, b.Manifest, b.Bytes),
    ];

    private const string Insert = """
        insert into journal (created, deleted, persistence_id, sequence_number, manifest, message, identifier) values (0, 0, $0, $1, $2, $3, 7411)
        """;

    private static bool Forge(string file, JournalRow a, JournalRow b)
    {
        var previous = StoredEvent.Open(a.Stream.StartsWith("vm|", StringComparison.Ordinal) ? VmEvents.Vocabulary : RegistryEvents.Vocabulary, a.Manifest, a.Bytes).Previous;
        var forged = StoredEvent.Seal(VmEvents.Vocabulary, a.Stream, a.Sequence, WrittenJournal.Noon, previous, Cause.Observed("forged"), new VmEvents.Provisioned(b.Sequence));
        return Do(file, "drop index journal_uq; update journal set sequence_number = sequence_number + 1 where persistence_id = $0 and sequence_number >= $1", a.Stream, a.Sequence)
            && Do(file, Insert, a.Stream, a.Sequence, forged.Manifest, forged.Bytes);
    }

    private static bool Do(string file, string sql, params object[] arguments)
    {
        WrittenJournal.Alter(file, sql, arguments);
        return true;
    }

    private static IEnumerable<JournalRow> Flipped(JournalRow row)
    {
        for (var bit = 0; bit < row.Bytes.Length * 8; bit++)
        {
            yield return row with { Bytes = Flip(row.Bytes, bit / 8, bit % 8) };
        }

        for (var bit = 0; bit < row.Manifest.Length * 7; bit++)
        {
            yield return row with { Manifest = Flip(row.Manifest, bit / 7, bit % 7) };
        }

        for (var bit = 0; bit < row.Stream.Length * 7; bit++)
        {
            yield return row with { Stream = Flip(row.Stream, bit / 7, bit % 7) };
        }

        for (var bit = 0; bit < 64; bit++)
        {
            yield return row with { Sequence = row.Sequence ^ (1L << bit) };
        }
    }

    private static byte[] Flip(byte[] bytes, int index, int bit)
    {
        var flipped = (byte[])bytes.Clone();
        flipped[index] ^= (byte)(1 << bit);
        return flipped;
    }

    private static string Flip(string text, int index, int bit) => $"{text[..index]}{(char)(text[index] ^ (1 << bit))}{text[(index + 1)..]}";

    private static JournalCheck Run(string file, IReadOnlyDictionary<string, (long Sequence, string Hash)>? heads)
    {
        using var reader = JournalReader.Open(new JournalAddress.SqliteFile(file));
        return JournalCheck.Run(reader, heads, [], [], CancellationToken.None);
    }

    private static JournalCheck Run(
        IEnumerable<JournalRow> rows, IReadOnlyDictionary<string, (long Sequence, string Hash)>? heads, WrittenJournal? snapshots = null)
    {
        var sorted = rows.OrderBy(row => row.Stream, StringComparer.Ordinal).ThenBy(row => row.Sequence).ThenBy(row => row.Ordering).ToList();
        var taken = snapshots?.Snapshots ?? [];
        return JournalCheck.Run(
            sorted,
            stream => [.. taken.Where(row => row.Stream == stream).DistinctBy(row => row.Sequence).Select(row => new SnapshotRow(
                stream, row.Sequence, Encoding.UTF8.GetString(row.Bytes)[^66..^2]))],
            () => [.. taken.Select(row => row.Stream).Except(sorted.Select(row => row.Stream)).Distinct()],
            heads,
            signed: null,
            CancellationToken.None);
    }
}
