using System.Text.Json;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Audit;

/// <summary>The VMs of one agent as a journal tells, row by row as they are stored. Not thread-safe.</summary>
/// <param name="owner">The agent: its fingerprint.</param>
/// <param name="since">The time that counts.</param>
internal sealed class OwnedVms(string owner, DateTimeOffset since)
{
    private readonly Dictionary<string, OwnedVm> _byStream = new(StringComparer.Ordinal);
    private long _place;

    /// <summary>Those that there are, in the order in which they were created.</summary>
    public IEnumerable<OwnedVm> There => _byStream.Values.Where(vm => vm.State.Exists);

    /// <summary>Whether nothing runs in any of them, nor is about to.</summary>
    public bool StandStill => _byStream.Values.All(vm => vm.StandsStill);

    /// <summary>Reads what was stored since the last call.</summary>
    /// <param name="address">The journal.</param>
    /// <param name="stop">Ends the reading.</param>
    /// <exception cref="JournalUnreadableException">It cannot be read, or what it says of such a VM cannot be understood.</exception>
    public void Read(JournalAddress address, CancellationToken stop)
    {
        using var journal = JournalReader.Open(address);
        foreach (var row in journal.RowsSince(_place))
        {
            stop.ThrowIfCancellationRequested();
            Take(row);
        }

        _place = journal.Place;
    }

    private void Take(in JournalRow row)
    {
        var known = _byStream.TryGetValue(row.Stream, out var vm);
        if (known && row.Sequence <= vm!.Sequence)
        {
            return;
        }

        if (!known && ((row.Sequence != 1 && row.Manifest != VmEvents.AdoptedManifest) || VmEvents.Vocabulary.Find(row.Manifest) is null))
        {
            return;
        }

        try
        {
            var stored = StoredEvent.Open(VmEvents.Vocabulary, row.Manifest, row.Bytes);
            var adopted = stored.Event as VmEvents.Adopted;
            if (known || adopted?.State.Owner == owner || (stored.Event is VmEvents.Created created && created.Owner == owner))
            {
                if (adopted is not null)
                {
                    _byStream.Remove(adopted.From.Stream);
                }

                var state = VmFold.Apply(vm?.State ?? VmState.None, (IVmEvent)stored.Event, stored.At);
                _byStream[row.Stream] = new OwnedVm(state, row.Sequence, stored.At <= since ? state.Phase : vm?.Before);
            }
        }
        catch (Exception e) when (e is JsonException or ContradictionException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new JournalUnreadableException($"event {row.Sequence} of {row.Stream} cannot be understood: {e.Message}; to see more: hydravisor audit verify");
        }
    }
}
