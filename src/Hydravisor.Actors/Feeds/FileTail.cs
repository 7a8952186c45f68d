using Hydravisor.Actors.Files;
using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Feeds;

/// <summary>
/// Reads what is added to a file that its writer turns over (<c>x</c> becomes <c>x.0</c>, that <c>x.1</c>, …, the oldest is dropped, a new <c>x</c> begins): each
/// byte once and in order, over any number of turns as long as the file where it stands is kept. Not safe for several threads.
/// </summary>
/// <remarks>
/// Reading and taking are two things: <see cref="Place"/> moves only with <see cref="Accept"/>, so that a place that is stored together with what was made of the
/// bytes tells exactly where to go on. What was read and not accepted keeps its files open; <see cref="Rest"/> closes them.
/// </remarks>
internal sealed class FileTail : IDisposable
{
    private readonly TailFiles _files;
    private List<Piece>? _read;
    private bool _lost;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="path">The file; it need not be there yet.</param>
    /// <param name="from">Where to go on; <see cref="TailPlace.Beginning"/>: at the oldest file that is there.</param>
    public FileTail(string path, TailPlace from) => (_files, Place) = (new TailFiles(path), from);

    /// <summary>Behind the last byte that was accepted.</summary>
    public TailPlace Place { get; private set; }

    /// <summary>Reads on behind what was read last; the first time, and after <see cref="Rest"/>, behind <see cref="Place"/>.</summary>
    /// <param name="buffer">Where to; it may come back filled in part, though there is more.</param>
    /// <returns>How many bytes, and whether some were lost before them. A loss is said once, and again after <see cref="Rest"/> if it was not accepted.</returns>
    /// <exception cref="IOException">A file is there and cannot be read. Nothing has moved.</exception>
    /// <exception cref="UnauthorizedAccessException">A file is there and may not be read. Nothing has moved.</exception>
    public TailRead Read(Span<byte> buffer)
    {
        if (_read is null && !Open())
        {
            return default;
        }

        while (true)
        {
            var piece = _read![^1];
            if (piece.Take(buffer) is > 0 and var count)
            {
                return new TailRead(count, Said());
            }

            var (identity, length) = FileIdentity.Of(piece.File);
            if (length < piece.To)
            {
                // Its writer began it anew: what stood between is gone, or was read.
                Follow(piece.File, identity, lost: true);
            }
            else if (_files.Find(identity) is not { } at)
            {
                if (!IsDone(piece, out count, buffer))
                {
                    return new TailRead(count, Said());
                }

                if (_files.OpenOldest() is not { } oldest)
                {
                    return new TailRead(0, Said());
                }

                // How many files there were between them, nobody knows.
                Follow(oldest, FileIdentity.Of(oldest).Identity, lost: true);
            }
            else if (at == 0 || _files.OpenNewer(identity, at) is not { } newer)
            {
                return new TailRead(0, Said());
            }
            else if (IsDone(piece, out count, buffer))
            {
                Follow(newer, FileIdentity.Of(newer).Identity, lost: false);
            }
            else
            {
                newer.Dispose();
                return new TailRead(count, Said());
            }
        }
    }

    /// <summary>Moves <see cref="Place"/> on over bytes that were read, and over a loss that was said before the last of them.</summary>
    /// <param name="count">How many; 0 moves over the loss alone.</param>
    /// <exception cref="ArgumentOutOfRangeException">More than was read.</exception>
    /// <exception cref="IOException">The file cannot be read. Nothing has moved.</exception>
    public void Accept(int count)
    {
        if (_read is null)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(count, 0);
            return;
        }

        var (done, rest) = (0, (long)count);
        while (done < _read.Count - 1 && rest >= _read[done].To - _read[done].From)
        {
            rest -= _read[done].To - _read[done].From;
            done++;
        }

        var piece = _read[done];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rest, piece.To - piece.From, nameof(count));
        var offset = piece.From + rest;
        Place = new TailPlace(piece.Identity.Inode, piece.Identity.Born, offset, TailFingerprint.Of(piece.File, offset));
        piece.From = offset;
        for (var gone = 0; gone < done; gone++)
        {
            if (_read[gone].File != _read[gone + 1].File)
            {
                _read[gone].File.Dispose();
            }
        }

        _read.RemoveRange(0, done);
    }

    /// <summary>Closes the files and forgets what was read and not accepted: it is read again.</summary>
    public void Rest()
    {
        _read?.ForEach(piece => piece.File.Dispose());
        (_read, _lost) = (null, false);
    }

    /// <inheritdoc/>
    public void Dispose() => Rest();

    private bool Open()
    {
        if (Place == TailPlace.Beginning)
        {
            return _files.OpenOldest() is { } first && Begin(first, 0, lost: false);
        }

        if (_files.Open(Place) is { } known)
        {
            return Begin(known.File, known.Fits ? Place.Offset : 0, lost: !known.Fits);
        }

        return _files.OpenOldest() is { } oldest && Begin(oldest, 0, lost: true);
    }

    private bool Begin(SafeFileHandle file, long offset, bool lost)
    {
        // Its beginning may have been given back once it was read, by one whose place is not known any more.
        var there = offset == 0 ? FileSpace.FirstData(file) : offset;
        _read = [new Piece(file, FileIdentity.Of(file).Identity, there)];
        _lost = lost || there > offset;
        return true;
    }

    private void Follow(SafeFileHandle file, FileIdentity identity, bool lost)
    {
        _read!.Add(new Piece(file, identity, 0));
        _lost |= lost;
    }

    private bool Said()
    {
        var lost = _lost;
        _lost = false;
        return lost;
    }

    // The writer is done with a file when it begins another one: what it wrote before that and after our last look is read now.
    private static bool IsDone(Piece piece, out int count, Span<byte> buffer) => (count = piece.Take(buffer)) == 0;

    /// <summary>What was read of one file and not accepted yet.</summary>
    private sealed class Piece(SafeFileHandle file, FileIdentity identity, long offset)
    {
        public SafeFileHandle File => file;

        public FileIdentity Identity => identity;

        public long From { get; set; } = offset;

        public long To { get; private set; } = offset;

        public int Take(Span<byte> buffer)
        {
            var count = RandomAccess.Read(file, buffer, To);
            To += count;
            return count;
        }
    }
}
