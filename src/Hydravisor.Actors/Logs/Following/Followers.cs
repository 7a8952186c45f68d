using System.Text;
using Hydravisor.Actors.Logs.Segments;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Logs.Following;

/// <summary>
/// Those who follow one log. What is stored while there are any is kept as lines of the wire as far as a bound goes; who is further behind reads from the files. Safe for
/// all threads; <see cref="Publish"/> and <see cref="Serve"/> are called by one at a time.
/// </summary>
/// <param name="id">Whose log.</param>
/// <param name="settings">The limits.</param>
/// <param name="last">Sequence number of the last entry now.</param>
/// <param name="ask">Has <see cref="Serve"/> called soon, and looks whether there are any left. Called from all threads.</param>
internal sealed class Followers(InstanceId id, LogsSettings settings, long last, Action ask)
{
    private const int PieceBytesMax = 64 * 1024;
    private const int CachedMax = 8;
    private const int ReadsMax = 8;

    private readonly Lock _lock = new();
    private readonly byte[] _source = Encoding.ASCII.GetBytes(id.Value);
    private readonly TailRing _ring = new(settings.TailBytesMax);
    private readonly List<LogFeed> _waiting = [];
    private readonly Queue<LogFeed> _wanting = [];
    private readonly Queue<LogPiece> _cached = [];
    private long _last = last;
    private long _bytes;
    private int _count;
    private string? _ended;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Bytes that are held for all of them together, without the pieces that one of them has yet to take.</summary>
    public long HeldBytes
    {
        get
        {
            lock (_lock)
            {
                return _ring.Bytes + _cached.Sum(piece => piece.Line.Length);
            }
        }
    }

    /// <summary>Adds one.</summary>
    /// <param name="from">The first sequence number for it, at most one more than the last.</param>
    /// <param name="wake">Called once for each time that there was nothing.</param>
    public LogFeed Add(long from, Action wake)
    {
        lock (_lock)
        {
            _count++;
            return new LogFeed(this, from, wake);
        }
    }

    /// <summary>Removes one.</summary>
    public void Remove(LogFeed feed)
    {
        lock (_lock)
        {
            if (feed.IsGone)
            {
                return;
            }

            (feed.IsGone, feed.Piece) = (true, null);
            if (feed.IsWaiting)
            {
                _waiting.Remove(feed);
            }

            if (--_count > 0)
            {
                return;
            }

            _ring.Clear();
            _cached.Clear();
        }

        ask();
    }

    /// <summary>See <see cref="Feeds.IFeed.TryTake"/>.</summary>
    public bool TryTake(LogFeed feed, out ReadOnlyMemory<byte> lines)
    {
        lock (_lock)
        {
            lines = default;
            if (feed.IsGone || feed.IsWaiting || feed.Ended is not null)
            {
                return false;
            }

            if (feed.Piece is { } read)
            {
                (feed.Piece, feed.Hint) = (null, read.Hint);
                feed.BytesAt += read.JsonBytes;
                return Give(feed, read, out lines);
            }

            if (_ring.Find(feed.Next) is { } live)
            {
                feed.BytesAt = feed.HasBeenLive ? feed.BytesAt + live.JsonBytes : BytesBehind(live);
                feed.HasBeenLive = true;
                return Give(feed, live, out lines);
            }

            if (feed.Next > _last)
            {
                (feed.HasBeenLive, feed.BytesAt, feed.Ended, feed.IsWaiting) = (true, _bytes, _ended, _ended is null);
                if (feed.IsWaiting)
                {
                    _waiting.Add(feed);
                }

                return false;
            }

            if (feed.HasBeenLive && _bytes - feed.BytesAt > settings.BehindBytesMax)
            {
                lines = LogPiece.LineOf(_source, LogReader.Gap(feed.Next, _last));
                (feed.Next, feed.BytesAt, feed.Hint) = (_last + 1, _bytes, default);
                return true;
            }

            feed.IsWaiting = true;
            _wanting.Enqueue(feed);
        }

        ask();
        return false;
    }

    /// <summary>Adds a frame that was stored, and wakes those who wait for it.</summary>
    public void Publish(FrameBuilder frame)
    {
        LogFeed[] woken;
        lock (_lock)
        {
            if (_count > 0)
            {
                _ring.Add(new LogPiece(_last + 1, frame.Next, LogPiece.LineOf(_source, frame.Json), frame.JsonBytes, default));
            }

            _last = frame.Next - 1;
            _bytes += frame.JsonBytes;
            woken = Woken();
        }

        Wake(woken);
    }

    /// <summary>No more will come.</summary>
    /// <param name="reason">Why, for a person.</param>
    public void End(string reason)
    {
        LogFeed[] woken;
        lock (_lock)
        {
            _ended = reason;
            foreach (var feed in _waiting)
            {
                feed.Ended = feed.Next > _last ? reason : null;
            }

            woken = Woken();
        }

        Wake(woken);
    }

    /// <summary>Reads from the files for those who are further behind; what one read another gets too.</summary>
    /// <returns>Whether some still wait.</returns>
    /// <exception cref="IOException">A file cannot be read. Who waits for it waits on.</exception>
    public bool Serve(SegmentStore store, LogScratch scratch)
    {
        for (var reads = 0; reads < ReadsMax;)
        {
            LogFeed? feed;
            LogPiece? piece;
            lock (_lock)
            {
                if (!_wanting.TryPeek(out feed))
                {
                    return false;
                }

                piece = _cached.FirstOrDefault(cached => cached.First == feed.Next);
            }

            if (piece is null && !feed.IsGone)
            {
                piece = Read(store, scratch, feed);
                reads++;
            }

            lock (_lock)
            {
                _wanting.Dequeue();
                feed.IsWaiting = false;
                feed.Piece = feed.IsGone ? null : piece;
            }

            if (!feed.IsGone)
            {
                feed.Wake();
            }
        }

        return true;
    }

    private LogPiece Read(SegmentStore store, LogScratch scratch, LogFeed feed)
    {
        scratch.Json.ResetWrittenCount();
        var (next, hint) = scratch.Log.Read(store, feed.Next, scratch.Json, PieceBytesMax, entriesMax: null, feed.Hint);
        var piece = new LogPiece(feed.Next, next, LogPiece.LineOf(_source, scratch.Json.WrittenSpan), scratch.Json.WrittenCount, hint);
        lock (_lock)
        {
            _cached.Enqueue(piece);
            if (_cached.Count > CachedMax)
            {
                _cached.Dequeue();
            }
        }

        return piece;
    }

    private static bool Give(LogFeed feed, LogPiece piece, out ReadOnlyMemory<byte> lines)
    {
        (feed.Next, lines) = (piece.Next, piece.Line);
        return true;
    }

    // How many bytes there were when this piece was the newest.
    private long BytesBehind(LogPiece piece)
    {
        var after = 0L;
        for (var at = _ring.Find(piece.Next); at is not null; at = _ring.Find(at.Next))
        {
            after += at.JsonBytes;
        }

        return _bytes - after;
    }

    private LogFeed[] Woken()
    {
        LogFeed[] woken = [.. _waiting];
        _waiting.Clear();
        foreach (var feed in woken)
        {
            feed.IsWaiting = false;
        }

        return woken;
    }

    private static void Wake(LogFeed[] woken)
    {
        foreach (var feed in woken)
        {
            feed.Wake();
        }
    }
}
