using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests.Audit;

/// <summary>A VM that went from node to node has one history, and what breaks it is found.</summary>
public sealed class AdoptionsTests
{
    private static readonly string[] Nodes = ["one", "two", "three"];

    private readonly Dictionary<string, List<StoredEvent>> _streams = [];
    private VmState _state = VmState.None;
    private StoredEvent? _last;

    public AdoptionsTests()
    {
        // Made on one, lost to two, and back on one.
        Put("one", new VmEvents.Created(Samples.Id, "one", "anonymous", null, "digest", Samples.Spec(), Operation: 1));
        Put("one", new VmEvents.Provisioned(1));
        Adopt("two");
        Put("two", new VmEvents.Provisioned(_state.LastOperation));
        Adopt("one");
        Put("one", new VmEvents.Provisioned(_state.LastOperation));
    }

    [Fact]
    public void A_vm_that_went_and_came_back_is_in_order_and_is_shown_as_it_was_at_each_time()
    {
        Assert.Empty(Check());
        var at = _streams.Values.SelectMany(stream => stream).OrderBy(stored => stored.At).Select(stored => (stored.At, VmPast.At(Rows(), stored.At)!.State.Node)).ToList();
        Assert.Equal(["one", "one", "two", "two", "one", "one"], at.Select(each => each.Node));
        Assert.Null(VmPast.At(Rows(), Samples.Noon));
    }

    [Fact]
    public void A_stream_that_was_cut_before_the_end_that_an_adoption_names_is_found()
    {
        Stream("two").RemoveAt(1);
        var found = Assert.Single(Check());
        Assert.Equal((ChainFindingKind.Truncated, "vm|two|" + Samples.Id.Value, 2L), (found.Kind, found.Stream, found.Sequence));
    }

    [Fact]
    public void An_end_that_was_altered_is_found_by_what_the_adoption_says_of_it()
    {
        var stream = Stream("two");
        stream[1] = StoredEvent.Seal(VmEvents.Vocabulary, stream[1].Stream, 2, stream[1].At, stream[0].Hash, Cause.Observed("forged"), new VmEvents.Failed("forged"));
        Assert.Equal(ChainFindingKind.Altered, Assert.Single(Check()).Kind);
    }

    [Fact]
    public void What_the_node_before_wrote_of_a_vm_that_was_not_its_own_any_more_is_found()
    {
        var stream = Stream("two");
        stream.Add(StoredEvent.Seal(VmEvents.Vocabulary, stream[1].Stream, 3, stream[1].At.AddHours(1), stream[1].Hash, Cause.Observed("a second writer"), new VmEvents.Failed("mine")));
        var found = Assert.Single(Check());
        Assert.Equal((ChainFindingKind.Inserted, 3L), (found.Kind, found.Sequence));
    }

    [Fact]
    public void Behind_a_release_stands_only_what_takes_the_vm_back()
    {
        Put("one", new VmEvents.BootBegun(1, BootTrigger.Adopted, _state.LastOperation + 1, Run: 0));
        Put("one", new VmEvents.DomainStarted(_state.LastOperation, Run: 1));
        Put("one", new VmEvents.MoveBegun("two", Starts: true));
        Put("one", new VmEvents.StopAccepted(_state.LastOperation + 1, Forced: true));
        Put("one", new VmEvents.Stopped(_state.LastOperation, "off"));
        Put("one", new VmEvents.Released("two"));
        Assert.Empty(Check());
        Put("one", new VmEvents.MoveEnded("two was given up"));
        Put("one", new VmEvents.MoveBegun("two", Starts: true));
        Put("one", new VmEvents.Released("two"));
        Adopt("two");
        Assert.Empty(Check());

        var stream = Stream("one");
        stream.Add(StoredEvent.Seal(VmEvents.Vocabulary, stream[^1].Stream, stream.Count + 1, stream[^1].At, stream[^1].Hash, Cause.Observed("a second writer"), new VmEvents.Failed("mine")));
        var found = Assert.Single(Check());
        Assert.Equal((ChainFindingKind.Inserted, stream.Count), (found.Kind, found.Sequence));
    }

    [Fact]
    public void Two_nodes_that_go_on_from_one_end_are_found()
    {
        var adopted = (VmEvents.Adopted)Stream("two")[0].Event;
        _streams["vm|three|" + Samples.Id.Value] = [StoredEvent.Seal(
            VmEvents.Vocabulary, "vm|three|" + Samples.Id.Value, 1, Samples.Noon.AddHours(9), EventHash.Start, Cause.Observed("a twin"), adopted with { Node = "three" })];
        Assert.Contains("as another one does", Assert.Single(Check()).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slice_without_the_stream_before_is_no_finding_and_a_journal_without_it_is()
    {
        _streams.Remove("vm|two|" + Samples.Id.Value);
        Assert.NotEmpty(Check());
        Assert.Empty(Check(only: _streams.Keys.ToHashSet()));
    }

    private List<StoredEvent> Stream(string node) => _streams["vm|" + node + "|" + Samples.Id.Value];

    private void Adopt(string node) => Put(node, Assert.Single(VmDecider.DecideAdoption(
        VmState.None, node, new VmLeft(new StreamHead(_last!.Stream, _last.Sequence, _last.Hash.Hex), _state))));

    private void Put(string node, IVmEvent then)
    {
        Assert.Contains(node, Nodes);
        var name = VmActor.StreamOf(node, Samples.Id);
        if (!_streams.TryGetValue(name, out var stream))
        {
            _streams[name] = stream = [];
        }

        var at = Samples.Noon.AddMinutes(1 + _streams.Values.Sum(each => each.Count));
        _last = StoredEvent.Seal(VmEvents.Vocabulary, name, stream.Count + 1, at, stream.Count == 0 ? EventHash.Start : stream[^1].Hash, Cause.Observed("a test"), then);
        stream.Add(_last);
        _state = VmFold.Apply(_state, then, at);
    }

    private IEnumerable<JournalRow> Rows() => _streams.OrderBy(stream => stream.Key, StringComparer.Ordinal).SelectMany(stream => stream.Value)
        .Select((stored, place) => new JournalRow(stored.Stream, stored.Sequence, stored.Manifest, stored.Bytes, place, Deleted: false));

    private IReadOnlyList<ChainFinding> Check(IReadOnlySet<string>? only = null) =>
        JournalCheck.Run(Rows(), _ => [], () => [], heads: null, signed: null, CancellationToken.None, only).Findings;
}
