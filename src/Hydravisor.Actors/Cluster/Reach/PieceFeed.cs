using System.Threading.Channels;
using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>Bytes that another node takes: some pieces are read ahead, no more. They are no lines.</summary>
internal sealed class PieceFeed : IFeed
{
    /// <summary>Why it ended, where all was taken.</summary>
    public const string Whole = "that was all";

    private const int PieceBytes = 64 * 1024;
    private const int PiecesAhead = 4;

    private readonly Channel<ReadOnlyMemory<byte>> _pieces = Channel.CreateBounded<ReadOnlyMemory<byte>>(PiecesAhead);
    private readonly Action _wake;
    private volatile string? _ended;
    private int _waits;

    /// <summary>Begins to read.</summary>
    /// <param name="read">Reads into a buffer; 0: that was all.</param>
    /// <param name="source">What is read; disposed of when it was read to its end, or nobody takes it any more. Null: nothing is to be.</param>
    /// <param name="wake">Wakes its owner.</param>
    public PieceFeed(Func<Memory<byte>, Task<int>> read, IDisposable? source, Action wake)
    {
        _wake = wake;
        _ = Task.Run(() => ReadAsync(read, source));
    }

    /// <inheritdoc/>
    public string? Ended => _pieces.Reader.Count == 0 ? _ended : null;

    /// <inheritdoc/>
    public bool TryTake(out ReadOnlyMemory<byte> lines)
    {
        if (_pieces.Reader.TryRead(out lines))
        {
            return true;
        }

        // What comes between the two is found by the second.
        Volatile.Write(ref _waits, 1);
        Interlocked.MemoryBarrier();
        return _pieces.Reader.TryRead(out lines);
    }

    /// <inheritdoc/>
    public void Dispose() => _pieces.Writer.TryComplete();

    private async Task ReadAsync(Func<Memory<byte>, Task<int>> readNext, IDisposable? source)
    {
        using (source)
        {
            try
            {
                int read;
                do
                {
                    var piece = new byte[PieceBytes];
                    read = await readNext(piece).ConfigureAwait(false);
                    if (read > 0)
                    {
                        await _pieces.Writer.WriteAsync(piece.AsMemory(0, read)).ConfigureAwait(false);
                        Wake();
                    }
                }
                while (read > 0);
                _ended = Whole;
            }
            catch (ChannelClosedException)
            {
                _ended = "nobody takes it any more";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _ended = e.Message;
            }
        }

        Wake();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _waits, 0) == 1)
        {
            _wake();
        }
    }
}
