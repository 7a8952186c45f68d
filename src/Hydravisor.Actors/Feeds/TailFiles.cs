using Microsoft.Win32.SafeHandles;

namespace Hydravisor.Actors.Feeds;

/// <summary>The files of one name that is turned over: <c>x</c>, the newest, then <c>x.0</c>, <c>x.1</c>, … They may be turned over at any time while these
/// questions are asked. Safe for all threads.</summary>
/// <remarks>
/// A file only ever moves to an older name. So who looks from the newest name to the oldest misses no file, and a file that has the same name before and after a
/// look at the names before it had it all the while. A name may be missing: for a moment while the files are moved one by one, for longer if whoever moved them
/// was killed then.
/// </remarks>
/// <param name="path">The name.</param>
internal sealed class TailFiles(string path)
{
    // More older files than anybody keeps, and more races in a row than there are.
    private const int OlderMax = 128;
    private const int HoleMax = 2;
    private const int TriesMax = 16;

    /// <summary>Opens the file of a stored place; null: it is gone. A file that has its identity and not its content comes with <c>Fits</c> false.</summary>
    /// <exception cref="IOException">A file is there and cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file is there and may not be read.</exception>
    public (SafeFileHandle File, bool Fits)? Open(TailPlace place)
    {
        foreach (var (name, _) in Names())
        {
            if (FileIdentity.Of(name) is not { } named || named.Inode != place.Inode || OpenNamed(name) is not { } file)
            {
                continue;
            }

            var (identity, length) = FileIdentity.Of(file);
            if (identity == new FileIdentity(place.Inode, place.Born))
            {
                var fits = length >= place.Offset && TailFingerprint.Of(file, place.Offset) == place.Fingerprint;
                if (fits || identity.IsCertain)
                {
                    return (file, fits);
                }
            }

            file.Dispose();
        }

        return null;
    }

    /// <summary>Opens the oldest file that is there; null: none is.</summary>
    /// <exception cref="IOException">A file is there and cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file is there and may not be read.</exception>
    public SafeFileHandle? OpenOldest()
    {
        SafeFileHandle? oldest = null;
        foreach (var (name, _) in Names())
        {
            if (OpenNamed(name) is { } older)
            {
                oldest?.Dispose();
                oldest = older;
            }
        }

        return oldest;
    }

    /// <summary>Where a file stands now: 0 for the newest, 1 for <c>x.0</c>, …; null: it has none of the names any more.</summary>
    /// <exception cref="IOException">The file system does not answer.</exception>
    public int? Find(FileIdentity file)
    {
        foreach (var (name, at) in Names())
        {
            if (FileIdentity.Of(name) == file)
            {
                return at;
            }
        }

        return null;
    }

    /// <summary>Opens the file that was begun when another one was full; null: there is none yet.</summary>
    /// <param name="file">The other one.</param>
    /// <param name="at">Where it stood lately; see <see cref="Find"/>.</param>
    /// <exception cref="IOException">A file is there and cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file is there and may not be read.</exception>
    public SafeFileHandle? OpenNewer(FileIdentity file, int at)
    {
        for (var tries = 0; tries < TriesMax; tries++)
        {
            var newer = at - 1;
            SafeFileHandle? opened = null;
            while (newer >= 0 && (opened = OpenNamed(Name(newer))) is null)
            {
                newer--;
            }

            if (FileIdentity.Of(Name(at)) == file && AreMissing(newer + 1, at))
            {
                return opened;
            }

            opened?.Dispose();
            if (Find(file) is not { } now)
            {
                return null;
            }

            at = now;
        }

        return null;
    }

    private bool AreMissing(int from, int to) => Enumerable.Range(from, to - from).All(at => FileIdentity.Of(Name(at)) is null);

    private string Name(int at) => at == 0 ? path : $"{path}.{at - 1}";

    private IEnumerable<(string Name, int At)> Names()
    {
        var missing = 0;
        for (var at = 0; at <= OlderMax && missing <= HoleMax; at++)
        {
            var name = Name(at);
            missing = File.Exists(name) ? 0 : missing + 1;
            yield return (name, at);
        }
    }

    private static SafeFileHandle? OpenNamed(string name)
    {
        try
        {
            return File.OpenHandle(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
