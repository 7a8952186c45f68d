using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Hydravisor.Actors.Access.Replay;

/// <summary>Lets each signed message of a node pass once: a nonce is good once within the window, also over connections and restarts. Safe for all threads.</summary>
/// <remarks>
/// A nonce is remembered as a number of 64 bits (XXH3), by the time that its message bears: who makes two nonces of one number has only itself refused, and
/// cannot know the number of another's. What no message may bear any more is forgotten as a whole.
/// All are in memory, and the files hold what a killed process knew. A machine that lost its power may have lost the newest of it: after another boot than
/// the last one nothing from before the start is let in. The same where the clock was set back over what is forgotten.
/// </remarks>
internal sealed class ReplayGuard : IDisposable
{
    private const int TextBytesMax = 256;
    private const string FloorFile = "floor";
    private const string BootFile = "boot";
    private const string Numbers = "xxh3 in order";

    private readonly Lock _lock = new();
    private readonly Dictionary<long, NonceBucket> _buckets = [];
    private readonly string _directory;
    private readonly TimeSpan _skew;
    private readonly long _entriesMax;
    private readonly TimeProvider _time;
    private readonly NonceIndex _index = new();
    private Counts _counts;
    private bool _disposed;

    /// <summary>Opens what is remembered.</summary>
    /// <param name="directory">Where; made where it is missing. One process at a time.</param>
    /// <param name="skew">How far a message's time may be from the node's, either way.</param>
    /// <param name="entriesMax">Most nonces that are remembered.</param>
    /// <param name="bootId">Another one after each boot of the machine.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">It cannot be read or made.</exception>
    public ReplayGuard(string directory, TimeSpan skew, long entriesMax, string bootId, TimeProvider time)
    {
        (_directory, _skew, _entriesMax, _time) = (directory, skew, entriesMax, time);
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _counts.Floor = ReadFloor();
        var isNew = !File.Exists(PathOf(BootFile)) && NonceBucket.StartsIn(directory).Count == 0;
        // What was remembered by other numbers is not found again.
        var boot = $"{bootId} {Numbers}";
        if (!isNew && (!File.Exists(PathOf(BootFile)) || File.ReadAllText(PathOf(BootFile)) != boot))
        {
            Raise(time.GetUtcNow().ToUnixTimeSeconds() + 1);
        }

        Write(BootFile, boot);
        foreach (var start in NonceBucket.StartsIn(directory))
        {
            _buckets[start] = new NonceBucket(directory, start);
        }

        // What is too old is not read.
        Sweep();
        _index.Remember(_buckets.Keys);
        foreach (var bucket in _buckets.Values)
        {
            bucket.Open(number => TryAdd(number, bucket.Start));
            _counts.Entries += bucket.Count;
        }
    }

    /// <summary>Has the processor fetch the place where a nonce would be, and does not wait for it: what is done until it is looked for takes as long.</summary>
    /// <param name="fingerprint">Whose key it is used with.</param>
    /// <param name="nonce">The nonce.</param>
    /// <returns>Its number, for <see cref="Admit(ulong, DateTimeOffset, DateTimeOffset)"/>.</returns>
    public ulong Expect(string fingerprint, ReadOnlySpan<byte> nonce)
    {
        var number = NumberOf(fingerprint, nonce);
        _index.Prefetch(number);
        return number;
    }

    /// <summary>Lets a message pass, or not. Call it for those only whose signature holds: else strangers would use up the room.</summary>
    /// <param name="fingerprint">Whose key signed it.</param>
    /// <param name="nonce">Its nonce.</param>
    /// <param name="timestamp">Its time.</param>
    public ReplayVerdict Admit(string fingerprint, string nonce, DateTimeOffset timestamp) => Admit(NumberOf(fingerprint, Encoding.UTF8.GetBytes(nonce)), timestamp, _time.GetUtcNow());

    /// <summary>The same, for a nonce that was expected.</summary>
    /// <param name="number">What <see cref="Expect"/> said of it.</param>
    /// <param name="timestamp">As above.</param>
    /// <param name="now">The time. It may be a little ago: what was forgotten since then is stale by <see cref="Counts.Floor"/>.</param>
    public ReplayVerdict Admit(ulong number, DateTimeOffset timestamp, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return ReplayVerdict.Unavailable;
            }

            var at = timestamp.ToUnixTimeSeconds();
            if ((now - timestamp).Duration() > _skew || at < _counts.Floor)
            {
                return ReplayVerdict.Stale;
            }

            try
            {
                return Remember(at - (at % StretchMarks.Seconds), number);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return ReplayVerdict.Unavailable;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var bucket in _buckets.Values)
            {
                bucket.Dispose();
            }

            _buckets.Clear();
            _index.Dispose();
        }
    }

    private ReplayVerdict Remember(long start, ulong number)
    {
        if (!_buckets.ContainsKey(start) || _counts.Entries >= _entriesMax)
        {
            Sweep();
        }

        // Whatever time it bore before.
        if (_index.Contains(number))
        {
            return ReplayVerdict.Replayed;
        }

        if (_counts.Entries >= _entriesMax)
        {
            return ReplayVerdict.Full;
        }

        if (!_buckets.TryGetValue(start, out var own))
        {
            own = _buckets[start] = new NonceBucket(_directory, start);
            _index.Remember(_buckets.Keys);
        }

        // First: what is not stored is not let pass.
        own.Add(number);
        _index.Add(number, start);
        _counts.Entries++;
        return ReplayVerdict.Fresh;
    }

    private bool TryAdd(ulong number, long start)
    {
        if (_index.Contains(number))
        {
            return false;
        }

        _index.Add(number, start);
        return true;
    }

    // What no message may bear any more. The floor first: it must not be forgotten that it is forgotten.
    private void Sweep()
    {
        var oldest = (_time.GetUtcNow() - _skew).ToUnixTimeSeconds();
        var gone = _buckets.Values.Where(bucket => bucket.Start + StretchMarks.Seconds <= oldest).ToList();
        if (gone.Count == 0)
        {
            return;
        }

        Raise(gone.Max(bucket => bucket.Start) + StretchMarks.Seconds);
        foreach (var bucket in gone)
        {
            _counts.Entries -= bucket.Count;
            _buckets.Remove(bucket.Start);
            // First: its files may refuse to go.
            _index.Remember(_buckets.Keys);
            bucket.Remove();
        }
    }

    private void Raise(long floor)
    {
        if (floor > _counts.Floor)
        {
            Write(FloorFile, floor.ToString(CultureInfo.InvariantCulture));
            _counts.Floor = floor;
        }
    }

    private long ReadFloor() =>
        File.Exists(PathOf(FloorFile)) && long.TryParse(File.ReadAllText(PathOf(FloorFile)), NumberStyles.None, CultureInfo.InvariantCulture, out var floor) ? floor : 0;

    private void Write(string name, string text)
    {
        File.WriteAllText(PathOf(name) + ".new", text);
        File.Move(PathOf(name) + ".new", PathOf(name), overwrite: true);
    }

    private string PathOf(string name) => Path.Combine(_directory, name);

    // The fingerprint has a fixed length, so that no two pairs run together.
    private static ulong NumberOf(string fingerprint, ReadOnlySpan<byte> nonce)
    {
        Span<byte> text = stackalloc byte[TextBytesMax];
        var length = Encoding.UTF8.GetBytes(fingerprint, text);
        nonce.CopyTo(text[length..]);
        length += nonce.Length;
        var number = XxHash3.HashToUInt64(text[..length]);
        return number == 0 ? 1 : number;
    }

    /// <summary>
    /// What each message writes. It stands alone in its line of the processor's cache: beside it, what is read without the lock would have to be fetched from the processor that wrote last.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Counts
    {
        /// <summary>What bears a time before it is stale.</summary>
        [FieldOffset(64)]
        public long Floor;

        /// <summary>How many nonces are remembered.</summary>
        [FieldOffset(72)]
        public long Entries;
    }
}
