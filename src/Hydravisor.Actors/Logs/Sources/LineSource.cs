using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Logs.Sources;

/// <summary>Cuts the lines of one file that is turned over, in a buffer that is kept for the next file. Not thread-safe.</summary>
/// <remarks>
/// A line ends with LF; carriage returns before it are no part of it. A line over the limit is cut, between two characters where it can be. A line without its end is
/// left in the file.
/// </remarks>
/// <param name="bytes">Bytes that are read at once.</param>
/// <param name="lineBytesMax">Longest line in bytes.</param>
internal sealed class LineSource(int bytes, int lineBytesMax) : IDisposable
{
    private const int CharacterBytesMax = 4;

    private readonly byte[] _buffer = new byte[Math.Max(bytes, lineBytesMax * 2)];
    private FileTail? _tail;
    private int _from;
    private int _to;
    private int _accepted;
    private int _lossAt = -1;

    /// <summary>Whether all was read that there is now.</summary>
    public bool IsDry { get; private set; }

    /// <summary>Whether a loss is the next that comes.</summary>
    public bool IsAtLoss => _lossAt == _from;

    /// <summary>Bytes that were taken since the last <see cref="Accept"/>.</summary>
    public int Taken => _from - _accepted;

    /// <summary>Reads what there is, as far as the buffer goes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="place">Where to go on.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public void Open(string path, TailPlace place)
    {
        Close();
        _tail = new FileTail(path, place);
        (_from, _to, _accepted, _lossAt, IsDry) = (0, 0, 0, -1, false);
        while (_to < _buffer.Length && _lossAt < 0)
        {
            var read = _tail.Read(_buffer.AsSpan(_to));
            _lossAt = read.Lost ? _to : -1;
            _to += read.Count;
            if (read.Count == 0)
            {
                IsDry = !read.Lost;
                break;
            }
        }
    }

    /// <summary>Goes over a loss.</summary>
    public void PassLoss() => _lossAt = -1;

    /// <summary>Takes the next line.</summary>
    /// <param name="flush">Whether what has no end yet is a line too.</param>
    /// <param name="line">Good until the next <see cref="Open"/>.</param>
    public bool TryNext(bool flush, out ReadOnlyMemory<byte> line)
    {
        line = default;
        if (IsAtLoss)
        {
            return false;
        }

        var rest = _buffer.AsSpan(_from, (_lossAt < 0 ? _to : _lossAt) - _from);
        var length = rest[..Math.Min(rest.Length, lineBytesMax + 1)].IndexOf((byte)'\n');
        var end = 1;
        if (length < 0)
        {
            // Nothing comes behind it any more before a loss, or at the end of all.
            if (rest.Length <= lineBytesMax && (rest.Length == 0 || (_lossAt < 0 && !flush)))
            {
                return false;
            }

            (length, end) = (rest.Length > lineBytesMax ? Boundary(rest) : rest.Length, 0);
        }

        line = _buffer.AsMemory(_from, rest[..length].TrimEnd((byte)'\r').Length);
        _from += length + end;
        return true;
    }

    /// <summary>Moves on over what was taken.</summary>
    /// <returns>The place behind it.</returns>
    public TailPlace Accept()
    {
        _tail!.Accept(Taken);
        _accepted = _from;
        return _tail.Place;
    }

    /// <summary>Closes the file.</summary>
    public void Close()
    {
        _tail?.Dispose();
        (_tail, _from, _to, _accepted, _lossAt) = (null, 0, 0, 0, -1);
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private int Boundary(ReadOnlySpan<byte> line)
    {
        var at = lineBytesMax;
        while (at > lineBytesMax - CharacterBytesMax && at > 0 && (line[at] & 0xC0) == 0x80)
        {
            at--;
        }

        return at > lineBytesMax - CharacterBytesMax && at > 0 ? at : lineBytesMax;
    }
}
