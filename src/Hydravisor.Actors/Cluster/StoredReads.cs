namespace Hydravisor.Actors.Cluster;

/// <summary>Reads the VMs of nodes that do not answer, for all who ask. Safe for all threads.</summary>
/// <remarks>
/// Such a node may work on where others reach it, so that what was read before somebody asked is no answer. One read of a node
/// goes on at a time; all who ask meanwhile get the next one, which reads only what came since.
/// </remarks>
/// <param name="places">The store.</param>
internal sealed class StoredReads(IPlaces places)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<StoredVms>> _last = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task<StoredVms>> _next = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredVms> _known = new(StringComparer.Ordinal);

    /// <summary>The VMs of a node as the store has them now or later.</summary>
    /// <param name="node">The node.</param>
    /// <param name="goneSince">Since when deleted ones are told too; the same for all who ask while it is away.</param>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    public Task<StoredVms> OfAsync(string node, DateTimeOffset goneSince)
    {
        lock (_gate)
        {
            if (!_next.TryGetValue(node, out var next))
            {
                next = ReadAfterAsync(node, goneSince, _last.GetValueOrDefault(node));
                _next[node] = _last[node] = next;
            }

            return next;
        }
    }

    /// <summary>The node answers for itself again.</summary>
    public void Forget(string node)
    {
        lock (_gate)
        {
            _known.Remove(node);
        }
    }

    private async Task<StoredVms> ReadAfterAsync(string node, DateTimeOffset goneSince, Task? last)
    {
        // Whoever calls has the gate.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (last is not null)
        {
            await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        StoredVms? before;
        lock (_gate)
        {
            _next.Remove(node);
            before = _known.GetValueOrDefault(node);
        }

        var read = await places.VmsOfAsync(node, goneSince, before).ConfigureAwait(false);
        lock (_gate)
        {
            _known[node] = read;
        }

        return read;
    }
}
