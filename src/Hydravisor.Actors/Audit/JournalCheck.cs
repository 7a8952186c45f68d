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
        var walk = new Walk(new ChainVerifier(heads, signed), snapshots);
        foreach (var row in rows)
        {
            if (row.Stream != walk.Stream)
            {
                stop.ThrowIfCancellationRequested();
                walk.Begin(row.Stream);
            }

            walk.Add(row);
        }

        walk.End();
        var vouchedFor = (heads?.Keys ?? []).Concat(signed?.Heads.Keys ?? []).Where(key => only?.Contains(key) != false);
        foreach (var without in withoutEvents().Union(vouchedFor).Where(walk.IsNew).ToList())
        {
            walk.Begin(without);
        }

        walk.End();
        walk.Findings.AddRange((signed?.Findings ?? []).Where(finding => walk.Broken.Add(finding.Stream)));
        walk.CheckAdoptions(only);
        return new JournalCheck(
            walk.Verifier.Streams, walk.Verifier.Events, Stopwatch.GetElapsedTime(begun), walk.Findings, walk.Reached, signed, IsSlice: only is not null);
    }

    // From stream to stream, and what was found on the way.
    private sealed class Walk(ChainVerifier verifier, Func<string, IReadOnlyList<SnapshotRow>> snapshots)
    {
        private readonly Adoptions _adoptions = new();

        public ChainVerifier Verifier => verifier;

        public HashSet<string> Broken { get; } = new(StringComparer.Ordinal);

        public List<ChainFinding> Findings { get; } = [];

        public Dictionary<string, (long, string)> Reached { get; } = new(StringComparer.Ordinal);

        public string? Stream { get; private set; }

        public bool IsNew(string stream) => !Reached.ContainsKey(stream) && !Broken.Contains(stream);

        public void Add(in JournalRow row)
        {
            verifier.Add(row);
            _adoptions.Add(row);
        }

        public void CheckAdoptions(IReadOnlySet<string>? only)
        {
            foreach (var finding in _adoptions.Check(Reached, stream => only?.Contains(stream) != false && !Broken.Contains(stream)).ToList())
            {
                Broken.Add(finding.Stream);
                Findings.Add(finding);
                Reached.Remove(finding.Stream);
            }
        }

        public void Begin(string stream)
        {
            End();
            Stream = stream;
            verifier.Begin(stream, snapshots(stream));
        }

        public void End()
        {
            if (Stream is not { } stream)
            {
                return;
            }

            Stream = null;
            if (verifier.End() is { } finding)
            {
                Broken.Add(finding.Stream);
                Findings.Add(finding);
            }
            else
            {
                Reached[stream] = verifier.Head;
            }
        }
    }
}
