using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>This node's end of a connection between its hypervisor and another node's: what it says is followed, what the other one says is typed. Nothing typed: the other one said all.</summary>
internal sealed class LinkFeed : IInputFeed
{
    private readonly LiveLink _link;
    private readonly PieceFeed _pieces;
    private readonly Lock _gate = new();
    private Task<Outcome> _typing = Task.FromResult(Outcome.Done);

    /// <summary>Begins to read.</summary>
    /// <param name="link">The connection; disposed of with this.</param>
    /// <param name="wake">Wakes its owner.</param>
    public LinkFeed(LiveLink link, Action wake) => (_link, _pieces) = (link, new PieceFeed(link.ReadAsync, source: null, wake));

    /// <inheritdoc/>
    public string? Ended => _pieces.Ended;

    /// <inheritdoc/>
    public bool TryTake(out ReadOnlyMemory<byte> lines) => _pieces.TryTake(out lines);

    /// <inheritdoc/>
    public Task<Outcome> TypeAsync(ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            return _typing = TypeBehindAsync(_typing, bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pieces.Dispose();
        _ = _link.DisposeAsync().AsTask();
    }

    private async Task<Outcome> TypeBehindAsync(Task<Outcome> before, ReadOnlyMemory<byte> bytes)
    {
        if (await before.ConfigureAwait(false) is { IsDone: false } broken)
        {
            return broken;
        }

        try
        {
            await (bytes.IsEmpty ? _link.EndAsync() : _link.WriteAsync(bytes)).ConfigureAwait(false);
            return Outcome.Done;
        }
        catch (IOException e)
        {
            return Outcome.Failed(e.Message);
        }
    }
}
