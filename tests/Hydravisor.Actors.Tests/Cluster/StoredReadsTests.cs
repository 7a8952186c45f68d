using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>Many ask for the VMs of a node that does not answer, and the store is asked once at a time.</summary>
public sealed class StoredReadsTests
{
    private readonly HeldPlaces _places = new();

    [Fact]
    public async Task Who_asks_while_a_read_goes_on_gets_the_next_one_with_all_others_who_do()
    {
        var reads = new StoredReads(_places);
        var first = reads.OfAsync("b", Samples.Noon);
        var begun = await _places.BegunAsync();
        var others = new[] { reads.OfAsync("b", Samples.Noon), reads.OfAsync("b", Samples.Noon), reads.OfAsync("b", Samples.Noon) };
        Assert.Null(begun.Before);
        begun.End.SetResult(Read(1));
        await first.WaitAsync(Wait.Limit);
        var next = await _places.BegunAsync();
        Assert.All(others, other => Assert.False(other.IsCompleted));
        Assert.Equal(1, next.Before?.Place);
        next.End.SetResult(Read(2));
        await Task.WhenAll(others).WaitAsync(Wait.Limit);
        Assert.Equal(2, _places.Count);
    }

    [Fact]
    public async Task A_read_that_fails_fails_who_asked_for_it_and_no_later_one()
    {
        var reads = new StoredReads(_places);
        var first = reads.OfAsync("b", Samples.Noon);
        (await _places.BegunAsync()).End.SetException(new InvalidOperationException("the database is gone"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first.WaitAsync(Wait.Limit));
        var second = reads.OfAsync("b", Samples.Noon);
        var begun = await _places.BegunAsync();
        Assert.Null(begun.Before);
        begun.End.SetResult(Read(1));
        await second.WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task Nodes_do_not_wait_for_each_other()
    {
        var reads = new StoredReads(_places);
        var (b, c) = (reads.OfAsync("b", Samples.Noon), reads.OfAsync("c", Samples.Noon));
        var begun = new[] { await _places.BegunAsync(), await _places.BegunAsync() };
        Assert.Equal(["b", "c"], begun.Select(read => read.Node).Order(StringComparer.Ordinal));
        Array.ForEach(begun, read => read.End.SetResult(Read(1)));
        await Task.WhenAll(b, c).WaitAsync(Wait.Limit);
    }

    private static StoredVms Read(long place) => new(place, new Dictionary<InstanceId, VmView>(), []);

    private sealed record Begun(string Node, StoredVms? Before, TaskCompletionSource<StoredVms> End);

    private sealed class HeldPlaces : IPlaces
    {
        private readonly System.Threading.Channels.Channel<Begun> _begun = System.Threading.Channels.Channel.CreateUnbounded<Begun>();
        private int _count;

        public int Count => _count;

        public Task<Begun> BegunAsync() => _begun.Reader.ReadAsync().AsTask().WaitAsync(Wait.Limit);

        public Task<StoredVms> VmsOfAsync(string node, DateTimeOffset goneSince, StoredVms? before)
        {
            Interlocked.Increment(ref _count);
            var end = new TaskCompletionSource<StoredVms>(TaskCreationOptions.RunContinuationsAsynchronously);
            _begun.Writer.TryWrite(new Begun(node, before, end));
            return end.Task;
        }

        public Task<string?> FindAsync(InstanceId id) => throw new NotSupportedException();

        public Task<IReadOnlyList<string>> NodesAsync() => throw new NotSupportedException();

        public Task<VmMoves> MovesAsync(long after) => throw new NotSupportedException();

        public Task<VmView?> VmAsync(InstanceId id) => throw new NotSupportedException();
    }
}
