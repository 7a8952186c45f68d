using System.Collections.Concurrent;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Scale;

/// <summary>What the store would say, said at once: what is left is what the asker's own side costs. Safe for all threads.</summary>
internal sealed class MemoryPlaces : IPlaces
{
    private readonly ConcurrentDictionary<InstanceId, string> _nodes = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<VmView>> _vms = new(StringComparer.Ordinal);
    private long _lookups;

    /// <summary>How often it was asked where a VM is.</summary>
    public long Lookups => Interlocked.Read(ref _lookups);

    /// <summary>A VM is there.</summary>
    public void Add(VmView vm)
    {
        _nodes[vm.Id] = vm.Node;
        _vms.GetOrAdd(vm.Node, _ => new ConcurrentQueue<VmView>()).Enqueue(vm);
    }

    /// <inheritdoc/>
    public Task<string?> FindAsync(InstanceId id)
    {
        Interlocked.Increment(ref _lookups);
        return Task.FromResult(_nodes.GetValueOrDefault(id));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> NodesAsync() => Task.FromResult<IReadOnlyList<string>>([.. _vms.Keys]);

    /// <inheritdoc/>
    public Task<VmMoves> MovesAsync(long after) => Task.FromResult(new VmMoves([], after));

    /// <inheritdoc/>
    public Task<StoredVms> VmsOfAsync(string node, DateTimeOffset goneSince, StoredVms? before) =>
        Task.FromResult(new StoredVms(0, new Dictionary<InstanceId, VmView>(), _vms.TryGetValue(node, out var vms) ? [.. vms] : []));

    /// <inheritdoc/>
    public Task<VmView?> VmAsync(InstanceId id) => Task.FromResult(_nodes.TryGetValue(id, out var node) ? _vms[node].First(vm => vm.Id == id) : null);
}
