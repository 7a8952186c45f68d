using System.Globalization;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Logs.Segments;

/// <summary>
/// The files of one VM's log: <c>&lt;first sequence number&gt;.seg</c>, each of whole frames, of which the newest is added to. Holds no file open. Not thread-safe.
/// </summary>
/// <remarks>
/// Each frame is written by one call and bears the state after it, so that whatever a kill leaves behind, the last whole frame says what is stored and where to go on.
/// A file is written through to the disk when the next one begins, not before: after a loss of power the state goes back together with the entries.
/// </remarks>
internal sealed class SegmentStore
{
    private const string Extension = ".seg";

    private readonly string _root;
    private readonly InstanceId _id;
    private long[] _firsts = [];
    private long _length;

    private SegmentStore(string root, InstanceId id) => (_root, _id) = (root, id);

    /// <summary>After the last frame.</summary>
    public LogState State { get; private set; }

    /// <summary>Sequence number of the oldest entry that is kept; of the next one where none is.</summary>
    public long First => _firsts.Length == 0 ? State.LastSeq + 1 : _firsts[0];

    /// <summary>For each file the sequence number of the first entry in it, in order.</summary>
    public IReadOnlyList<long> Firsts => _firsts;

    private string Folder => Path.Combine(_root, _id.Value);

    /// <summary>Opens a VM's log, and cuts off what a kill left unfinished at its end. A VM without one gets it with the first frame.</summary>
    /// <param name="root">Directory of the logs of all VMs.</param>
    /// <param name="id">The VM.</param>
    /// <param name="reader">To read with.</param>
    /// <exception cref="IOException">It cannot be read, or not be cut.</exception>
    public static SegmentStore Open(string root, InstanceId id, SegmentReader reader)
    {
        var store = new SegmentStore(root, id);
        store._firsts = FirstsIn(store.Folder);
        while (store._firsts.Length > 0 && !store.Recover(reader))
        {
            // Killed between the making of the file and its first frame: all that came before is in the file before it. If more is in it, it is damaged from its
            // beginning: put aside, and the numbers go on at its name.
            var (first, path) = (store._firsts[^1], store.PathOf(store._firsts[^1]));
            if (store._firsts.Length == 1)
            {
                store.State = new LogState(first - 1, 0, default, default);
            }

            if (new FileInfo(path).Length > FrameHeader.Bytes)
            {
                File.Move(path, path + ".damaged", overwrite: true);
            }
            else
            {
                File.Delete(path);
            }

            store._firsts = store._firsts[..^1];
        }

        return store;
    }

    /// <summary>The files of a directory, as <see cref="Firsts"/>; empty where it is not there.</summary>
    public static long[] FirstsIn(string folder) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder, "*" + Extension)
            .Select(file => long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var first) ? first : 0)
            .Where(first => first > 0)
            .Order()];

    /// <summary>The file that begins with an entry.</summary>
    public static string PathOf(string folder, long first) => Path.Combine(folder, first.ToString("D20", CultureInfo.InvariantCulture) + Extension);

    /// <summary>The file that begins with an entry.</summary>
    public string PathOf(long first) => PathOf(Folder, first);

    /// <summary>Adds a frame; begins a new file before where this one is full.</summary>
    /// <param name="frame">Its entries follow the last one.</param>
    /// <param name="after">The state after it.</param>
    /// <param name="settings">The limits.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="IOException">It could not be written: nothing has changed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written: nothing has changed.</exception>
    public void Append(FrameBuilder frame, LogState after, LogsSettings settings, DateTimeOffset now)
    {
        var bytes = frame.Finish(now.ToUnixTimeMilliseconds(), after);
        if (_firsts.Length == 0 || (_length + bytes.Length > settings.SegmentBytes && State.LastSeq >= _firsts[^1]))
        {
            Roll(settings, now);
        }

        using (var file = File.OpenHandle(PathOf(_firsts[^1]), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            try
            {
                RandomAccess.Write(file, bytes, _length);
            }
            catch (IOException)
            {
                RandomAccess.SetLength(file, _length);
                throw;
            }
        }

        _length += bytes.Length;
        State = after;
    }

    /// <summary>Removes files that are too old or too many. The newest stays, since it bears the state; where its entries are all too old, a new one is begun.</summary>
    /// <exception cref="IOException">It could not be done; what is left is whole.</exception>
    public void Retain(LogsSettings settings, DateTimeOffset now)
    {
        if (_firsts.Length > 0 && State.LastSeq >= _firsts[^1] && File.GetLastWriteTimeUtc(PathOf(_firsts[^1])) < (now - settings.AgeMax).UtcDateTime)
        {
            Begin(now);
        }

        var total = settings.SegmentBytes;
        var keep = _firsts.Length - 1;
        while (keep > 0)
        {
            var file = new FileInfo(PathOf(_firsts[keep - 1]));
            total += file.Exists ? file.Length : 0;
            if (total > settings.BytesMax || (file.Exists && file.LastWriteTimeUtc < (now - settings.AgeMax).UtcDateTime))
            {
                break;
            }

            keep--;
        }

        while (keep > 0)
        {
            File.Delete(PathOf(_firsts[0]));
            _firsts = _firsts[1..];
            keep--;
        }
    }

    private void Roll(LogsSettings settings, DateTimeOffset now)
    {
        Begin(now);
        Retain(settings, now);
    }

    private void Begin(DateTimeOffset now)
    {
        if (_firsts.Length > 0)
        {
            using var full = File.OpenHandle(PathOf(_firsts[^1]), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(full);
        }

        Directory.CreateDirectory(Folder);
        var first = State.LastSeq + 1;
        var head = new FrameBuilder(0);
        head.Begin(first);
        var bytes = head.Finish(now.ToUnixTimeMilliseconds(), State);
        using (var file = File.OpenHandle(PathOf(first), FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            RandomAccess.Write(file, bytes, 0);
        }

        _firsts = [.. _firsts, first];
        _length = bytes.Length;
    }

    private bool Recover(SegmentReader reader)
    {
        var path = PathOf(_firsts[^1]);
        reader.Open(path, 0);
        try
        {
            var next = _firsts[^1];
            var whole = 0L;
            while (reader.TryNext(out var header) && header.First == next)
            {
                (next, whole, State) = (header.After.LastSeq + 1, reader.Offset, header.After);
            }

            _length = whole;
            if (whole > 0 && reader.Length > whole)
            {
                using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                RandomAccess.SetLength(file, whole);
            }

            return whole > 0;
        }
        finally
        {
            reader.Close();
        }
    }
}
