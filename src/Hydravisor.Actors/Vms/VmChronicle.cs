using Akka.Actor;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Logs;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>A VM's life as its log tells it: one line for each stored event. Not thread-safe: its actor's own.</summary>
/// <remarks>What stands in a snapshot is not replayed, and so could not be told to the log again: the log comes first.</remarks>
/// <param name="id">The VM.</param>
/// <param name="logs">The logs.</param>
/// <param name="self">Its actor; told <see cref="Told"/>.</param>
/// <param name="snapshotEvery">After how many events a snapshot is due.</param>
internal sealed class VmChronicle(InstanceId id, NodeLogs logs, IActorRef self, int snapshotEvery)
{
    private List<LifecycleLine>? _recovered;
    private bool _snapshotDue;

    /// <summary>An event was replayed; it is told again by <see cref="TellRecovered"/>.</summary>
    public void Recover(StoredEvent stored) => (_recovered ??= []).Add(Line(stored));

    /// <summary>Tells what was replayed. Harmless when nothing was, or it is told already.</summary>
    public void TellRecovered()
    {
        if (_recovered is { } lines)
        {
            _recovered = null;
            logs.Tell(id, lines);
        }
    }

    /// <summary>Events were stored.</summary>
    public void Tell(IReadOnlyList<StoredEvent> stored)
    {
        TellRecovered();
        logs.Tell(id, [.. stored.Select(Line)]);
        if (stored[^1].Sequence / snapshotEvery != (stored[0].Sequence - 1) / snapshotEvery)
        {
            _snapshotDue = true;
            Ask(stored[^1].Sequence);
        }
    }

    /// <summary>Where the VM is deleted: the log outlives it; what was told is its end.</summary>
    public void EndIfDeleted(VmState state)
    {
        if (state is { Phase: VmPhase.Deleted, Id: not null })
        {
            TellRecovered();
            logs.Forget(id);
        }
    }

    /// <summary>Whether a snapshot of the VM as it is now is due and may be taken.</summary>
    /// <param name="told">What the log answered.</param>
    /// <param name="sequence">The number of the last stored event.</param>
    public bool MaySnapshot(Told told, long sequence)
    {
        if (!_snapshotDue || !told.IsDone)
        {
            return false;
        }

        if (told.UpTo != sequence)
        {
            Ask(sequence);
            return false;
        }

        _snapshotDue = false;
        return true;
    }

    private void Ask(long upTo) => logs.StoredAsync(id, upTo).PipeTo(
        self, success: outcome => new Told(upTo, outcome.IsDone), failure: _ => new Told(upTo, IsDone: false));

    private static LifecycleLine Line(StoredEvent stored) => new(stored.Sequence, stored.At, VmEventWords.Of(stored));

    /// <summary>Whether what happened up to a number stands in the log.</summary>
    internal sealed record Told(long UpTo, bool IsDone) : INoSerializationVerificationNeeded;
}
