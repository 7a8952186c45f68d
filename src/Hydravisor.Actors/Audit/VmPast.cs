using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Audit;

/// <summary>A VM as it was at some time, as its events tell.</summary>
/// <param name="State">Its state.</param>
/// <param name="Sequence">The last event that it holds.</param>
/// <param name="Allowed">The last event up to then that a policy let happen; null when there is none.</param>
internal sealed record VmPast(VmState State, long Sequence, StoredEvent? Allowed)
{
    /// <summary>Folds a VM's events up to a time, and checks on the way that each follows its predecessor.</summary>
    /// <param name="rows">The rows of its stream, in the order of their numbers.</param>
    /// <param name="time">The time; what happened then counts.</param>
    /// <returns>The VM, or null when it did not exist yet.</returns>
    /// <exception cref="BrokenChainException">The stream is not as it was stored.</exception>
    /// <exception cref="ContradictionException">The events contradict each other.</exception>
    /// <exception cref="System.Text.Json.JsonException">An event is unreadable or of a newer version.</exception>
    public static VmPast? At(IEnumerable<JournalRow> rows, DateTimeOffset time)
    {
        VmPast? past = null;
        var head = EventHash.Start;
        foreach (var row in rows)
        {
            var stored = StoredEvent.Open(VmEvents.Vocabulary, row.Manifest, row.Bytes);
            stored.VerifyFollows(row.Stream, (past?.Sequence ?? 0) + 1, head);
            if (stored.At > time)
            {
                break;
            }

            head = stored.Hash;
            past = new VmPast(
                VmFold.Apply(past?.State ?? VmState.None, (IVmEvent)stored.Event, stored.At),
                stored.Sequence,
                stored.Cause.Policy is null ? past?.Allowed : stored);
        }

        return past;
    }
}
