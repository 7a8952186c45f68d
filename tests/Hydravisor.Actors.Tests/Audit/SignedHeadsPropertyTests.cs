using System.Security.Cryptography;
using CsCheck;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Audit;

/// <summary>Random journals with signed checkpoints, in the hands of who can compute every hash and has no key.</summary>
public sealed class SignedHeadsPropertyTests : IDisposable
{
    private static readonly Gen<(int Which, long Number)[][]> Stages = Gen.Select(Gen.Int[0, 2], Gen.Long[0, 9]).Array[1, 5].Array[1, 4];

    private readonly NodeKey _key = NodeKey.New();
    private readonly PublicKey _public;

    public SignedHeadsPropertyTests() => _public = _key.Public();

    public void Dispose()
    {
        _key.Dispose();
        _public.Dispose();
    }

    [Fact]
    public void An_honest_journal_gives_no_alarm_with_the_key_and_its_witness_and_as_it_grows() => Sample((journal, made, _) =>
    {
        var check = Run(journal.Rows, made);
        Assert.Empty(check.Findings);
        Assert.Equal((made.Count, 0), (check.Signed!.Checkpoints, check.Unsigned));
        journal.Add(journal.Rows[0].Stream, VmEvents.Vocabulary, Cause.Observed("later"), new VmEvents.Provisioned(1));
        Assert.Equal((0, 1), (Run(journal.Rows, made).Findings.Count, Run(journal.Rows, made).Unsigned));
        Assert.Empty(Run(journal.Rows, [], without: true).Findings);
    });

    [Fact]
    public void A_stream_that_is_written_anew_from_some_event_with_all_its_hashes_is_found() => Sample((journal, _, which) =>
    {
        var events = journal.Rows.Where(row => !row.Stream.StartsWith("checkpoint|", StringComparison.Ordinal)).ToList();
        var from = events[which % events.Count];
        Assert.Contains(Run(Rewritten(journal.Rows, from), []).Findings, finding => finding.Stream == from.Stream && finding.Sequence >= from.Sequence);
    });

    [Fact]
    public void A_checkpoint_that_is_altered_in_any_bit_is_found() => Sample(
        (journal, made, which) =>
        {
            var checkpoints = journal.Rows.Where(row => row.Stream.StartsWith("checkpoint|", StringComparison.Ordinal)).ToList();
            var row = checkpoints[which % checkpoints.Count];
            for (var bit = 0; bit < row.Bytes.Length * 8; bit++)
            {
                var bytes = (byte[])row.Bytes.Clone();
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                var rows = journal.Rows.Select(each => each.Ordering == row.Ordering ? row with { Bytes = bytes } : each).ToList();
                // The envelope of the last one, its time and cause, has no successor that vouches for it: its content has its signature.
                if (row.Ordering != checkpoints[^1].Ordering || Content(bytes) != Content(row.Bytes))
                {
                    Assert.NotEmpty(Run(rows, []).Findings);
                }
            }
        },
        iter: 5);

    [Fact]
    public void An_end_that_is_cut_off_with_its_checkpoints_is_seen_by_the_witness() => Sample((journal, made, which) =>
    {
        var cut = journal.Rows.Take(which % journal.Rows.Count).ToList();
        if (cut.Count < journal.Rows.Count)
        {
            Assert.NotEmpty(Run(cut, made).Findings);
        }
    });

    [Fact]
    public void A_journal_without_checkpoints_is_not_one_that_the_key_vouches_for() => Sample((journal, _, _) => Assert.NotEmpty(
        Run(journal.Rows.Where(row => !row.Stream.StartsWith("checkpoint|", StringComparison.Ordinal)), []).Findings));

    [Fact]
    public void A_journal_that_another_key_signed_is_found() => Sample((journal, made, _) =>
    {
        using var other = NodeKey.New();
        using var trusted = other.Public();
        Assert.Contains(Check(journal.Rows, [trusted], []).Findings, finding => finding.Sentence.Contains("another key", StringComparison.Ordinal));
    });

    [Fact]
    public void A_stream_that_was_put_among_what_is_signed_is_found() => Sample((journal, _, which) =>
    {
        var forged = new WrittenJournal();
        forged.Add(WrittenJournal.StreamOf(InstanceId.FromKey("forged", "r", 1)), VmEvents.Vocabulary, Cause.Observed("forged"), new VmEvents.Provisioned(1));
        var place = journal.Rows[which % journal.Rows.Count].Ordering;
        var last = journal.Rows.Where(row => !row.Stream.StartsWith("checkpoint|", StringComparison.Ordinal)).Max(row => row.Ordering);
        if (place <= last)
        {
            Assert.Contains(Run([.. journal.Rows, forged.Rows[0] with { Ordering = place }], []).Findings, finding => finding.Kind == ChainFindingKind.Inserted);
        }
    });

    [Fact]
    public void A_stranger_checks_a_signature_with_what_stands_there()
    {
        var journal = WrittenJournal.OfOneVm();
        var made = journal.Sign(_key);
        var text = $"hydravisor-checkpoint.v1\nnode node-1\nnumber 1\nat {made.At}\nprevious {new string('0', 64)}\nthrough 8\nevents 8\nheads {CheckpointText.HeadsDigest(made.Heads)}\nkey {_key.Fingerprint}\n";
        using var directory = new TemporaryDirectory();
        using var key = NodeKey.Open(directory.Path);
        using var read = ECDsa.Create();
        read.ImportFromPem(File.ReadAllText(Path.Combine(directory.Path, NodeKey.PublicName)));
        Assert.Equal(made.Text, text);
        Assert.True(read.VerifyData(System.Text.Encoding.UTF8.GetBytes(text), Convert.FromBase64String(key.Sign(text)), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(directory.Path, NodeKey.PrivateName)));
        using var again = NodeKey.Open(directory.Path);
        Assert.Equal(key.Fingerprint, again.Fingerprint);
    }

    private void Sample(Action<WrittenJournal, List<WitnessedCheckpoint>, int> with, int iter = 100) => Gen.Select(Stages, Gen.Int[0, 99]).Sample(
        (stages, which) =>
        {
            var journal = new WrittenJournal();
            var made = new List<WitnessedCheckpoint>();
            foreach (var stage in stages)
            {
                foreach (var (stream, number) in stage)
                {
                    journal.Add(WrittenJournal.StreamOf(InstanceId.FromKey("a", "r", stream)), VmEvents.Vocabulary, Cause.Observed("outcome:boot"), new VmEvents.Provisioned(number));
                }

                made.Add(WitnessedCheckpoint.Of(journal.Sign(_key)));
            }

            with(journal, made, which);
        },
        iter: iter,
        threads: 1);

    // What who has the file and no key can do at best: the event is another one, and every hash behind it is right again.
    private static List<JournalRow> Rewritten(IReadOnlyList<JournalRow> rows, JournalRow from)
    {
        var head = rows.Where(row => row.Stream == from.Stream && row.Sequence < from.Sequence).Select(row => EventHash.Of(row.Manifest, row.Bytes)).LastOrDefault() ?? EventHash.Start;
        var anew = new List<JournalRow>();
        foreach (var row in rows)
        {
            if (row.Stream != from.Stream || row.Sequence < from.Sequence)
            {
                anew.Add(row);
                continue;
            }

            var read = StoredEvent.Open(VmEvents.Vocabulary, row.Manifest, row.Bytes);
            var what = row.Sequence == from.Sequence ? new VmEvents.Provisioned(1000) : read.Event;
            var stored = StoredEvent.Seal(VmEvents.Vocabulary, row.Stream, row.Sequence, read.At, head, read.Cause, what);
            head = stored.Hash;
            anew.Add(row with { Bytes = stored.Bytes });
        }

        return anew;
    }

    private static string? Content(byte[] bytes)
    {
        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(bytes);
            return json.RootElement.GetProperty("event").GetRawText();
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private JournalCheck Run(IEnumerable<JournalRow> rows, IReadOnlyList<WitnessedCheckpoint> witnessed, bool without = false) =>
        Check(rows, without ? [] : [_public], witnessed);

    private static JournalCheck Check(IEnumerable<JournalRow> rows, IReadOnlyList<PublicKey> keys, IReadOnlyList<WitnessedCheckpoint> witnessed)
    {
        var sorted = rows.OrderBy(row => row.Stream, StringComparer.Ordinal).ThenBy(row => row.Sequence).ThenBy(row => row.Ordering).ToList();
        var signed = SignedHeads.Read(sorted.Where(row => row.Stream.StartsWith(Checkpoint.StreamPrefix, StringComparison.Ordinal)), keys, witnessed);
        return JournalCheck.Run(sorted, _ => [], () => [], null, signed, CancellationToken.None);
    }
}
