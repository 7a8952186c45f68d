using System.Text.Json;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Audit;

/// <summary>A VM as it was at some time, as its events tell.</summary>
/// <param name="State">Its state.</param>
/// <param name="Sequence">The last event that it holds.</param>
/// <param name="Allowed">The last event up to then that a policy let happen; null when there is none.</param>
internal sealed record VmPast(VmState State, long Sequence, StoredEvent? Allowed)
{
    /// <summary>How a VM stands at the end of its events; null where it is not there, or where they cannot be understood: then its node would not serve it either, and <c>audit verify</c> names it.</summary>
    /// <param name="rows">As for <see cref="At"/>.</param>
    public static VmPast? LastOf(IEnumerable<JournalRow> rows) => EndOf(rows) is { State.Exists: true } past ? past : null;

    /// <summary>How a VM stands at the end of its events, also where it was deleted; null where they cannot be understood.</summary>
    /// <param name="rows">As for <see cref="At"/>.</param>
    public static VmPast? EndOf(IEnumerable<JournalRow> rows)
    {
        try
        {
            return At(rows, DateTimeOffset.MaxValue);
        }
        catch (Exception e) when (e is BrokenChainException or ContradictionException or JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Folds a VM's events up to a time, and checks on the way that each follows its predecessor.</summary>
    /// <param name="rows">The rows of its streams, one after another, each in the order of their numbers. That of a node which it left ends there; the next begins with how it stood.</param>
    /// <param name="time">The time; what happened then counts.</param>
    /// <returns>The VM, or null when it did not exist yet.</returns>
    /// <exception cref="BrokenChainException">The stream is not as it was stored.</exception>
    /// <exception cref="ContradictionException">The events contradict each other.</exception>
    /// <exception cref="JsonException">An event is unreadable or of a newer version.</exception>
    public static VmPast? At(IEnumerable<JournalRow> rows, DateTimeOffset time)
    {
        var (latest, latestAt, latestIn) = ((VmPast?)null, DateTimeOffset.MinValue, (string?)null);
        var (stream, past, head, isOver) = ((string?)null, (VmPast?)null, EventHash.Start, false);
        foreach (var row in rows)
        {
            if (row.Stream != stream)
            {
                (stream, past, head, isOver) = (row.Stream, null, EventHash.Start, false);
            }

            if (isOver)
            {
                continue;
            }

            var stored = StoredEvent.Open(VmEvents.Vocabulary, row.Manifest, row.Bytes);
            stored.VerifyFollows(row.Stream, (past?.Sequence ?? 0) + 1, head);
            if (stored.At > time)
            {
                isOver = true;
                continue;
            }

            head = stored.Hash;
            past = new VmPast(
                VmFold.Apply(past?.State ?? VmState.None, (IVmEvent)stored.Event, stored.At),
                stored.Sequence,
                stored.Cause.Policy is null ? past?.Allowed : stored);
            if (row.Stream == latestIn || stored.At >= latestAt)
            {
                // Clocks of nodes differ, and one may be set back: within a stream its order counts.
                (latest, latestAt, latestIn) = (past, stored.At, row.Stream);
            }
        }

        return latest;
    }
}
