using CsCheck;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests.Audit;

public sealed class VmPastTests
{
    [Fact]
    public void A_past_is_the_fold_of_what_was_decided_up_to_then()
    {
        var rows = Rows();
        Gen.Int[-120, 900].Sample(seconds =>
        {
            var time = WrittenJournal.Noon.AddSeconds(seconds);
            var until = rows.Select(row => StoredEvent.Open(VmEvents.Vocabulary, row.Manifest, row.Bytes)).Where(stored => stored.At <= time).ToList();
            var past = VmPast.At(rows, time);
            Assert.Equal(until.Count, past?.Sequence ?? 0);
            Assert.Equal(until.FindLast(stored => stored.Cause.Policy is not null)?.Sequence, past?.Allowed?.Sequence);
            Assert.Equal(
                until.Aggregate(VmState.None, (state, stored) => VmFold.Apply(state, (IVmEvent)stored.Event, stored.At)).Phase,
                past?.State.Phase ?? VmState.None.Phase);
        });
    }

    [Fact]
    public void A_stream_that_was_altered_has_no_past()
    {
        var rows = Rows();
        rows.RemoveAt(2);
        Assert.Throws<BrokenChainException>(() => VmPast.At(rows, WrittenJournal.Noon.AddHours(1)));
    }

    private static List<JournalRow> Rows() =>
        WrittenJournal.OfOneVm().Rows.FindAll(row => row.Stream == WrittenJournal.StreamOf(WrittenJournal.Id));
}
