using System.Globalization;
using System.Text.Json;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Audit;

/// <summary>Checks that a VM which went from one node to another has one history: each adoption names the end of the stream before, and nothing stands behind that end but another adoption;
/// behind a release also that it was taken back. Not thread-safe.</summary>
internal sealed class Adoptions
{
    private readonly List<(string Stream, long Sequence, StreamHead From)> _all = [];
    private readonly Dictionary<(string Stream, long Sequence), string> _previous = [];
    private readonly List<(string Stream, long Sequence)> _behindReleases = [];
    private string? _released;

    /// <summary>A row of the journal, whose own chain was in order up to it.</summary>
    public void Add(in JournalRow row)
    {
        if (row.Stream == _released && row.Manifest is not (VmEvents.AdoptedManifest or VmEvents.MoveEndedManifest))
        {
            _behindReleases.Add((row.Stream, row.Sequence));
        }

        _released = row.Manifest == VmEvents.ReleasedManifest ? row.Stream : null;
        if (row.Manifest != VmEvents.AdoptedManifest)
        {
            return;
        }

        try
        {
            var stored = StoredEvent.Open(VmEvents.Vocabulary, row.Manifest, row.Bytes);
            _all.Add((row.Stream, row.Sequence, ((VmEvents.Adopted)stored.Event).From));
            _previous[(row.Stream, row.Sequence)] = stored.Previous.Hex;
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            // It is what was stored, as its chain says; what it means is for who understands it.
        }
    }

    /// <summary>What is not in order.</summary>
    /// <param name="reached">Where each stream stands in which nothing was found.</param>
    /// <param name="isChecked">Whether a stream was to be checked, and nothing was found in it yet.</param>
    public IEnumerable<ChainFinding> Check(IReadOnlyDictionary<string, (long Sequence, string Hash)> reached, Func<string, bool> isChecked)
    {
        var broken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (stream, sequence) in _behindReleases.Where(behind => isChecked(behind.Stream) && broken.Add(behind.Stream)))
        {
            yield return new ChainFinding(stream, sequence, ChainFindingKind.Inserted, string.Create(CultureInfo.InvariantCulture, $"Event {sequence} was written when the VM was released to another node: event {sequence - 1} is the last."));
        }

        foreach (var (stream, sequence, from) in _all.GroupBy(adoption => (adoption.From.Stream, adoption.From.Sequence)).SelectMany(same => same.Skip(1)).Where(twice => isChecked(twice.Stream)))
        {
            yield return new ChainFinding(stream, sequence, ChainFindingKind.Inserted, string.Create(CultureInfo.InvariantCulture, $"Event {sequence} goes on from event {from.Sequence} of {from.Stream}, as another one does: a VM is one node's."));
        }

        foreach (var (stream, sequence, from) in _all.Where(adoption => isChecked(adoption.From.Stream) && !broken.Contains(adoption.From.Stream)))
        {
            if (Check(from, string.Create(CultureInfo.InvariantCulture, $"event {sequence} of {stream}, which goes on from it,"), reached.GetValueOrDefault(from.Stream)) is { } finding)
            {
                yield return finding;
            }
        }
    }

    private ChainFinding? Check(StreamHead from, string by, (long Sequence, string Hash) reached)
    {
        ChainFinding Found(long at, ChainFindingKind kind, FormattableString sentence) => new(from.Stream, at, kind, FormattableString.Invariant(sentence));
        if (reached.Sequence < from.Sequence)
        {
            return Found(reached.Sequence + 1, ChainFindingKind.Truncated, $"The stream ends with event {reached.Sequence}, and {by} knows {from.Sequence}.");
        }

        // Behind the end stands nothing, or the VM came back.
        var hash = reached.Sequence == from.Sequence ? reached.Hash : _previous.GetValueOrDefault((from.Stream, from.Sequence + 1));
        return hash is null
            ? Found(from.Sequence + 1, ChainFindingKind.Inserted, $"Event {from.Sequence + 1} was written when the VM was another node's: {by} ends it with {from.Sequence}.")
            : hash != from.Hash ? Found(from.Sequence, ChainFindingKind.Altered, $"Event {from.Sequence} was altered, or what {by} says of it: the hashes differ.")
            : null;
    }
}
