using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit;

/// <summary>Finds the first record of each stream that is not as it was stored. Pure; fed stream by stream, row by row in the order of their numbers.</summary>
/// <remarks>
/// A record is vouched for by its successor, which names its hash; the last one only by a snapshot or a head that the caller gives. Nothing
/// ever deletes events, so that a stream that begins elsewhere than with 1, or a row marked as deleted, is a finding. Not thread-safe.
/// </remarks>
/// <param name="heads">Numbers and hashes of events, by stream, that were kept elsewhere.</param>
/// <param name="signed">What the journal's checkpoints vouch for.</param>
internal sealed class ChainVerifier(IReadOnlyDictionary<string, (long Sequence, string Hash)>? heads = null, SignedHeads? signed = null)
{
    private const int HexLength = 2 * SHA256.HashSizeInBytes;

    private readonly byte[] _head = new byte[HexLength];
    private readonly byte[] _claimed = new byte[HexLength];
    private readonly List<(long Sequence, string? Hash, string Witness)> _witnesses = [];
    private string _stream = "";
    private int _nextWitness;
    private long _last;
    private long _signedTo;
    private long _signedThrough;
    private ChainFinding? _finding;

    /// <summary>Streams that were begun.</summary>
    public long Streams { get; private set; }

    /// <summary>Rows that were added.</summary>
    public long Events { get; private set; }

    /// <summary>Where the stream stands: its last number and that event's hash. Means something only while nothing was found.</summary>
    public (long Sequence, string Hash) Head => (_last, Encoding.ASCII.GetString(_head));

    /// <summary>A stream begins.</summary>
    /// <param name="stream">Its persistence id.</param>
    /// <param name="snapshots">Its snapshots.</param>
    public void Begin(string stream, IEnumerable<SnapshotRow> snapshots)
    {
        _stream = stream;
        _last = 0;
        _nextWitness = 0;
        _finding = null;
        _head.AsSpan().Fill((byte)'0');
        _claimed.AsSpan().Clear();
        _witnesses.Clear();
        _witnesses.AddRange(snapshots.Select(row => (row.Sequence, row.Head, "its snapshot")));
        if (heads is not null && heads.TryGetValue(stream, out var head))
        {
            _witnesses.Add((head.Sequence, head.Hash, "the head that was given"));
        }

        (_signedTo, _signedThrough) = (long.MaxValue, signed?.Through.GetValueOrDefault(StreamName.NodeOf(stream)) ?? 0);
        if (signed is { Checkpoints: > 0 } && !stream.StartsWith(Checkpoint.StreamPrefix, StringComparison.Ordinal))
        {
            _signedTo = 0;
            foreach (var (sequence, hash, number) in signed.Heads.GetValueOrDefault(stream) ?? [])
            {
                _witnesses.Add((sequence, hash, string.Create(CultureInfo.InvariantCulture, $"checkpoint {number}")));
                _signedTo = sequence;
            }
        }

        _witnesses.Sort((one, other) => one.Sequence.CompareTo(other.Sequence));
        Streams++;
    }

    /// <summary>The stream's next row. After a finding the rest of the stream is counted only.</summary>
    public void Add(in JournalRow row)
    {
        Events++;
        if (_finding is null)
        {
            Check(row);
        }
    }

    /// <summary>The stream ends.</summary>
    /// <returns>What was found first, or null.</returns>
    public ChainFinding? End()
    {
        if (_finding is null && _nextWitness < _witnesses.Count)
        {
            var (sequence, _, witness) = _witnesses[^1];
            Find(
                _last + 1,
                ChainFindingKind.Truncated,
                _last == 0 ? $"No event of the stream is there, and {witness} knows {sequence}." : $"The stream ends with event {_last}, and {witness} knows {sequence}.");
        }

        return _finding;
    }

    private void Check(in JournalRow row)
    {
        if (!Envelope.TryRead(row.Bytes, out var envelope, out var problem))
        {
            Find(row.Sequence, ChainFindingKind.Unreadable, $"Event {row.Sequence} is no stored event: {problem}.");
        }
        else if (row.Sequence > _last + 1)
        {
            var which = row.Sequence == _last + 2 ? $"Event {_last + 1} is" : $"Events {_last + 1} to {row.Sequence - 1} are";
            Find(_last + 1, ChainFindingKind.Missing, $"{which} missing; a node removes none.");
        }
        else if (!envelope.IsOf(_stream))
        {
            Find(row.Sequence, ChainFindingKind.Inserted, $"Event {row.Sequence} says that it is of another stream: {envelope.Stream()}.");
        }
        else if (envelope.Sequence != row.Sequence)
        {
            Misplaced(row, envelope);
        }
        else if (row.Sequence <= _last)
        {
            Find(row.Sequence, ChainFindingKind.Inserted, $"There is a second event {row.Sequence}, or one before the first.");
        }
        else if (!envelope.Previous.SequenceEqual(_head))
        {
            Find(
                Math.Max(_last, 1),
                ChainFindingKind.Altered,
                _last == 0
                    ? "Event 1 names a predecessor, and the first one has none."
                    : $"Event {_last} was altered, or its manifest, or what event {row.Sequence} says of it: the hashes differ.");
        }
        else if (row.Deleted)
        {
            Find(row.Sequence, ChainFindingKind.Missing, $"Event {row.Sequence} is marked as deleted, so that a node does not read it; a node marks none so.");
        }
        else if (row.Sequence > _signedTo && row.Ordering <= _signedThrough)
        {
            Find(row.Sequence, ChainFindingKind.Inserted, $"Event {row.Sequence} stands among what was signed, and no checkpoint knows it.");
        }
        else
        {
            Take(row, envelope);
        }
    }

    private void Misplaced(in JournalRow row, in Envelope envelope)
    {
        if (envelope.Sequence == _last && envelope.Previous.SequenceEqual(_claimed))
        {
            Find(_last, ChainFindingKind.Inserted, $"There are two events that say that they are {_last} and follow the same one: one of them was inserted.");
        }
        else
        {
            Find(row.Sequence, ChainFindingKind.Reordered, $"Where event {row.Sequence} belongs stands one that says that it is {envelope.Sequence}.");
        }
    }

    private void Take(in JournalRow row, in Envelope envelope)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        EventHash.Compute(row.Manifest, row.Bytes, hash);
        Convert.TryToHexStringLower(hash, _head, out _);
        envelope.Previous.CopyTo(_claimed);
        _last = row.Sequence;
        for (; _nextWitness < _witnesses.Count && _witnesses[_nextWitness].Sequence <= _last && _finding is null; _nextWitness++)
        {
            var (sequence, named, witness) = _witnesses[_nextWitness];
            if (sequence != _last || named is null || !Ascii.Equals(_head, named))
            {
                var says = named is null ? "names no hash" : "names another hash";
                Find(
                    _last,
                    ChainFindingKind.Altered,
                    string.Create(CultureInfo.InvariantCulture, $"Event {_last}, or one before it, or {witness} at {sequence} was altered: {witness} {says}."));
            }
        }
    }

    private void Find(long sequence, ChainFindingKind kind, string sentence) => _finding = new ChainFinding(_stream, sequence, kind, sentence);
}
