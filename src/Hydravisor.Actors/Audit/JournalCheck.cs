using System.Diagnostics;
using Hydravisor.Actors.Audit.Checkpoints;

namespace Hydravisor.Actors.Audit;

/// <summary>What the check of a whole journal came to.</summary>
/// <param name="Streams">Streams that were checked.</param>
/// <param name="Events">Events that were checked.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Findings">The first of each stream that has any, in the order of the streams.</param>
/// <param name="Signed">What its checkpoints vouch for.</param>
/// <param name="IsSlice">Whether it is only a part of a journal.</param>
/// <param name="Heads">Where each stream without a finding stands, for a check of another day.</param>
internal sealed record JournalCheck(
    long Streams,
    long Events,
    TimeSpan Elapsed,
    IReadOnlyList<ChainFinding> Findings,
    IReadOnlyDictionary<string, (long Sequence, string Hash)> Heads,
    SignedHeads? Signed = null,
    bool IsSlice = false)
{
    /// <summary>How many events no checkpoint covers; of a part of a journal that is not known.</summary>
    public long? Unsigned => Signed is null || IsSlice ? null : Math.Max(0, Events - Signed.Events - Signed.Checkpoints);

    /// <summary>Checks all streams of a journal.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="heads">What was kept elsewhere, by stream: of these events the hashes are known.</param>
    /// <param name="keys">The public keys that signed its checkpoints; none: signatures are not checked.</param>
    /// <param name="witnessed">What witnesses know.</param>
    /// <param name="stop">Ends the check.</param>
    /// <param name="only">The streams that are there, where it is only a part of a journal.</param>
    /// <exception cref="JournalUnreadableException">The file cannot be read to its end.</exception>
    public static JournalCheck Run(
        JournalReader journal,
        IReadOnlyDictionary<string, (long Sequence, string Hash)>? heads,
        IReadOnlyList<PublicKey> keys,
        IReadOnlyList<WitnessedCheckpoint> witnessed,
        CancellationToken stop,
        IReadOnlySet<string>? only = null) =>
        Run(journal.Rows(), journal.Snapshots, journal.StreamsWithoutEvents, heads, SignedHeads.Read(journal.Checkpoints(), keys, witnessed), stop, only);

    /// <summary>Checks rows, wherever they come from.</summary>
    /// <param name="rows">All rows, stream by stream, in the order of their numbers.</param>
    /// <param name="snapshots">The snapshots of a stream.</param>
    /// <param name="withoutEvents">Streams that have snapshots and no rows.</param>
    /// <param name="heads">What was kept elsewhere.</param>
    /// <param name="signed">What its checkpoints vouch for.</param>
    /// <param name="stop">Ends the check.</param>
    /// <param name="only">The streams that are there, where it is only a part of a journal.</param>
    public static JournalCheck Run(
        IEnumerable<JournalRow> rows,
        Func<string, IReadOnlyList<SnapshotRow>> snapshots,
        Func<IReadOnlyList<string>> withoutEvents,
        IReadOnlyDictionary<string, (long Sequence, string Hash)>? heads,
        SignedHeads? signed,
        CancellationToken stop,
        IReadOnlySet<string>? only = null)
    {
        var begun = Stopwatch.GetTimestamp();
        var verifier = new ChainVerifier(heads, signed);
        var broken = new HashSet<string>(StringComparer.Ordinal);
        var findings = new List<ChainFinding>();
        var reached = new Dictionary<string, (long, string)>(StringComparer.Ordinal);
        string? stream = null;
        foreach (var row in rows)
        {
            if (row.Stream != stream)
            {
                stop.ThrowIfCancellationRequested();
                End();
                stream = row.Stream;
                verifier.Begin(stream, snapshots(stream));
            }

            verifier.Add(row);
        }

        End();
        foreach (var without in withoutEvents().Union((heads?.Keys ?? []).Concat(signed?.Heads.Keys ?? []).Where(key => !reached.ContainsKey(key) && only?.Contains(key) != false)))
        {
            if (broken.Contains(without))
            {
                continue;
            }

            stream = without;
            verifier.Begin(without, snapshots(without));
            End();
        }

        findings.AddRange((signed?.Findings ?? []).Where(finding => broken.Add(finding.Stream)));
        return new JournalCheck(verifier.Streams, verifier.Events, Stopwatch.GetElapsedTime(begun), findings, reached, signed, IsSlice: only is not null);

        void End()
        {
            if (stream is null)
            {
                return;
            }

            if (verifier.End() is { } finding)
            {
                broken.Add(finding.Stream);
                findings.Add(finding);
            }
            else
            {
                reached[stream] = verifier.Head;
            }
        }
    }
}
