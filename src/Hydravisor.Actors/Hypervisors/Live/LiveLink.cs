namespace Hydravisor.Actors.Hypervisors.Live;

/// <summary>One connection between two hypervisors: bytes each way, each at the pace at which they are taken. One may read and one may write at a time.</summary>
internal abstract class LiveLink : IAsyncDisposable
{
    private const int PieceBytes = 64 * 1024;

    /// <summary>Reads what came.</summary>
    /// <param name="buffer">Takes it.</param>
    /// <returns>How many bytes; 0: the other end said all.</returns>
    /// <exception cref="IOException">The connection broke.</exception>
    public abstract Task<int> ReadAsync(Memory<byte> buffer);

    /// <summary>Says something.</summary>
    /// <param name="bytes">Not to be changed before it is done.</param>
    /// <exception cref="IOException">The connection broke.</exception>
    public abstract Task WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>All was said; the other end may still speak.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public abstract Task EndAsync();

    /// <summary>Ends it both ways, also under who reads or writes: that fails, or reads 0.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Passes on what each of two connections says to the other one, until both have said all or one breaks. Disposes of both. Never fails.</summary>
    /// <param name="one">The one.</param>
    /// <param name="other">The other.</param>
    public static async Task RelayAsync(LiveLink one, LiveLink other)
    {
        await Task.WhenAll(PassAsync(one, other), PassAsync(other, one)).ConfigureAwait(false);
        await one.DisposeAsync().ConfigureAwait(false);
        await other.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task PassAsync(LiveLink from, LiveLink to)
    {
        var piece = new byte[PieceBytes];
        try
        {
            while (await from.ReadAsync(piece).ConfigureAwait(false) is var read && read > 0)
            {
                await to.WriteAsync(piece.AsMemory(0, read)).ConfigureAwait(false);
            }

            await to.EndAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Half of a conversation is of no use to either.
            await from.DisposeAsync().ConfigureAwait(false);
            await to.DisposeAsync().ConfigureAwait(false);
        }
    }
}
