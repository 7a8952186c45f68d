namespace Hydravisor.Actors.Logs.Following;

/// <summary>The newest pieces of a log, bounded by their bytes. Not thread-safe.</summary>
/// <param name="bytesMax">Most bytes; the newest piece stays always.</param>
internal sealed class TailRing(int bytesMax)
{
    private readonly List<LogPiece> _pieces = [];
    private int _oldest;

    /// <summary>Bytes of all pieces.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds the piece that follows the newest one.</summary>
    public void Add(LogPiece piece)
    {
        _pieces.Add(piece);
        Bytes += piece.Line.Length;
        while (Bytes > bytesMax && _pieces.Count - _oldest > 1)
        {
            Bytes -= _pieces[_oldest].Line.Length;
            _pieces[_oldest++] = null!;
        }

        if (_oldest > _pieces.Count / 2)
        {
            _pieces.RemoveRange(0, _oldest);
            _oldest = 0;
        }
    }

    /// <summary>The piece that begins with a sequence number; null: none does.</summary>
    public LogPiece? Find(long first)
    {
        var (low, high) = (_oldest, _pieces.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_pieces[middle].First == first)
            {
                return _pieces[middle];
            }

            (low, high) = _pieces[middle].First < first ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    /// <summary>Removes all.</summary>
    public void Clear()
    {
        _pieces.Clear();
        (_oldest, Bytes) = (0, 0);
    }
}
