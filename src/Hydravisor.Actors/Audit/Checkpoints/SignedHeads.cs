using System.Security.Cryptography;
using System.Text.Json;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>What the checkpoints of a journal vouch for, and what is wrong with them. Immutable.</summary>
/// <param name="Heads">The signed heads of each stream, in the order of their numbers, each with the number of its checkpoint.</param>
/// <param name="Findings">The first thing that is wrong with the checkpoints of each node.</param>
/// <param name="Checkpoints">How many checkpoints are whole.</param>
/// <param name="Events">How many events they cover.</param>
/// <param name="Through">The place of the last event that they cover, of each node: places are a node's own.</param>
/// <param name="Verified">Whether their signatures were checked.</param>
internal sealed record SignedHeads(
    IReadOnlyDictionary<string, List<(long Sequence, string Hash, long Checkpoint)>> Heads,
    IReadOnlyList<ChainFinding> Findings,
    long Checkpoints,
    long Events,
    IReadOnlyDictionary<string, long> Through,
    bool Verified)
{
    /// <summary>Reads the checkpoints of a journal. Pure.</summary>
    /// <param name="rows">The rows of their streams, stream by stream, in the order of their numbers. That each follows its predecessor is checked elsewhere.</param>
    /// <param name="keys">The public keys that may have signed; none: signatures are not checked.</param>
    /// <param name="witnessed">What witnesses know.</param>
    public static SignedHeads Read(IEnumerable<JournalRow> rows, IReadOnlyList<PublicKey> keys, IReadOnlyList<WitnessedCheckpoint> witnessed)
    {
        var heads = new Dictionary<string, List<(long, string, long)>>(StringComparer.Ordinal);
        var findings = new List<ChainFinding>();
        var chains = new List<Chain>();
        foreach (var row in rows)
        {
            var chain = chains.LastOrDefault();
            if (chain?.Stream != row.Stream)
            {
                chains.Add(chain = new Chain(row.Stream, keys, witnessed));
            }

            chain.Take(row, heads);
        }

        var known = chains.Select(chain => chain.Stream).ToHashSet(StringComparer.Ordinal);
        chains.AddRange(witnessed.Select(each => Checkpoint.StreamOf(each.Node)).Distinct().Where(stream => !known.Contains(stream)).Select(stream => new Chain(stream, keys, witnessed)));
        findings.AddRange(chains.Select(chain => chain.End()).OfType<ChainFinding>());
        if (keys.Count > 0 && chains.Count == 0)
        {
            findings.Add(new ChainFinding(Checkpoint.StreamPrefix, 1, ChainFindingKind.Missing, "There is no checkpoint: nothing of this journal was ever signed, or all that was is gone."));
        }

        var through = chains
            .Where(chain => chain.Stream == Checkpoint.StreamOf(StreamName.NodeOf(chain.Stream)))
            .ToDictionary(chain => StreamName.NodeOf(chain.Stream), chain => chain.Through, StringComparer.Ordinal);
        return new SignedHeads(
            heads, findings, chains.Sum(chain => chain.Number), chains.Sum(chain => chain.Events), through, keys.Count > 0);
    }

    /// <summary>Reads what a witness keeps: a line of JSON for each checkpoint.</summary>
    /// <exception cref="JournalUnreadableException">The file cannot be read, or holds something else.</exception>
    public static IReadOnlyList<WitnessedCheckpoint> ReadWitness(string file)
    {
        var number = 0;
        try
        {
            var read = new List<WitnessedCheckpoint>();
            foreach (var line in File.ReadLines(file))
            {
                number++;
                if (line.Length > 0)
                {
                    read.Add(JsonSerializer.Deserialize(line, CheckpointJson.Default.WitnessedCheckpoint) ?? throw new JsonException("it is null"));
                }
            }

            return read;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalUnreadableException($"the witness {file} cannot be read: {e.Message}");
        }
        catch (JsonException e)
        {
            throw new JournalUnreadableException($"line {number} of {file} is no checkpoint: {e.Message}");
        }
    }

    // The checkpoints of one node. After a finding the rest counts for nothing.
    private sealed class Chain(string stream, IReadOnlyList<PublicKey> keys, IReadOnlyList<WitnessedCheckpoint> witnessed)
    {
        private readonly Dictionary<long, WitnessedCheckpoint[]> _witnessed = witnessed
            .Where(each => Checkpoint.StreamOf(each.Node) == stream)
            .GroupBy(each => each.Number)
            .ToDictionary(each => each.Key, each => each.ToArray());

        private string _previous = EventHash.Start.Hex;
        private ChainFinding? _finding;

        public string Stream => stream;

        public long Number { get; private set; }

        public long Events { get; private set; }

        public long Through { get; private set; }

        public void Take(in JournalRow row, Dictionary<string, List<(long, string, long)>> heads)
        {
            if (_finding is not null)
            {
                return;
            }

            try
            {
                var made = (Checkpoint)StoredEvent.Open(Checkpoint.Vocabulary, row.Manifest, row.Bytes).Event;
                if (Wrong(made) is { } wrong)
                {
                    Find(ChainFindingKind.Altered, wrong);
                    return;
                }

                foreach (var (name, head) in made.Heads)
                {
                    var (sequence, hash) = Checkpoint.ParseHead(head);
                    if (!heads.TryGetValue(name, out var known))
                    {
                        heads[name] = known = [];
                    }

                    known.Add((sequence, hash, made.Number));
                }

                (Number, Events, Through, _previous) = (made.Number, made.Events, made.Through, made.Digest);
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException)
            {
                Find(ChainFindingKind.Unreadable, $"Checkpoint {Number + 1} cannot be read: {e.Message}");
            }
        }

        public ChainFinding? End()
        {
            if (_finding is null && _witnessed.Count > 0 && _witnessed.Keys.Max() is var last && last > Number)
            {
                Find(ChainFindingKind.Truncated, $"The checkpoints end with {Number}, and a witness knows {last}: the end of the journal was cut off, with all that was in it.");
            }

            return _finding;
        }

        private string? Wrong(Checkpoint made)
        {
            if (made.Number != Number + 1 || made.Previous != _previous || Checkpoint.StreamOf(made.Node) != stream)
            {
                return $"Checkpoint {Number + 1} does not follow the one before it.";
            }

            if (keys.Count > 0)
            {
                var key = keys.FirstOrDefault(each => each.Fingerprint == made.Key);
                if (key is null)
                {
                    return $"Checkpoint {made.Number} is signed by another key, {made.Key}, than those that were given.";
                }

                if (!Verifies(key, made))
                {
                    return $"Checkpoint {made.Number} was altered: its signature is not of what it says.";
                }
            }

            if (made.Heads.Keys.FirstOrDefault(head => StreamName.NodeOf(head) != made.Node) is { } foreign)
            {
                return $"Checkpoint {made.Number} names {foreign}, which is not a stream of {made.Node}.";
            }

            return _witnessed.TryGetValue(made.Number, out var copies) && Array.Exists(copies, copy => copy.Digest != made.Digest)
                ? $"Checkpoint {made.Number} is another one than a witness knows: the journal was written anew from there, or before it."
                : null;
        }

        private static bool Verifies(PublicKey key, Checkpoint made)
        {
            try
            {
                return key.Verify(made.Text, made.Signature);
            }
            catch (CryptographicException)
            {
                return false;
            }
        }

        private void Find(ChainFindingKind kind, string sentence) => _finding = new ChainFinding(stream, Number + 1, kind, sentence);
    }
}
