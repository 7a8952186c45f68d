using System.Diagnostics;

namespace Hydravisor.Actors.Audit;

/// <summary>What the check of a whole journal came to.</summary>
/// <param name="Streams">Streams that were checked.</param>
/// <param name="Events">Events that were checked.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Findings">The first of each stream that has any, in the order of the streams.</param>
/// <param name="Heads">Where each stream without a finding stands, for a check of another day.</param>
internal sealed record JournalCheck(
    long Streams,
    long Events,
    TimeSpan Elapsed,
    IReadOnlyList<ChainFinding> Findings,
    IReadOnlyDictionary<string, (long Sequence, string Hash)> Heads)
{
    /// <summary>Checks all streams of a journal.</summary>
    /// <param name="journal">The journal.</param>
    /// <param name="heads">What was kept elsewhere, by stream: of these events the hashes are known.</param>
    /// <param name="stop">Ends the check.</param>
    /// <exception cref="JournalUnreadableException">The file cannot be read to its end.</exception>
    public static JournalCheck Run(
        JournalReader journal, IReadOnlyDictionary<string, (long Sequence, string Hash)>? heads, CancellationToken stop) =>
        Run(journal.Rows(), journal.Snapshots, journal.StreamsWithoutEvents, heads, stop);

    /// <summary>Checks rows, wherever they come from.</summary>
    /// <param name="rows">All rows, stream by stream, in the order of their numbers.</param>
    /// <param name="snapshots">The snapshots of a stream.</param>
    /// <param name="withoutEvents">Streams that have snapshots and no rows.</param>
    /// <param name="heads">What was kept elsewhere.</param>
    /// <param name="stop">Ends the check.</param>
    public static JournalCheck Run(
        IEnumerable<JournalRow> rows,
        Func<string, IReadOnlyList<SnapshotRow>> snapshots,
        Func<IReadOnlyList<string>> withoutEvents,
        IReadOnlyDictionary<string, (long Sequence, string Hash)>? heads,
        CancellationToken stop)
    {
        var begun = Stopwatch.GetTimestamp();
        var verifier = new ChainVerifier(heads);
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
        foreach (var without in withoutEvents().Union(heads?.Keys.Where(key => !reached.ContainsKey(key)) ?? []))
        {
            if (broken.Contains(without))
            {
                continue;
            }

            stream = without;
            verifier.Begin(without, snapshots(without));
            End();
        }

        return new JournalCheck(verifier.Streams, verifier.Events, Stopwatch.GetElapsedTime(begun), findings, reached);

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
