using System.Globalization;

namespace Hydravisor.Actors.Access.Replay;

/// <summary>The files of the nonces of the messages whose time lies within one stretch. Not thread-safe.</summary>
/// <remarks>They are written one behind the other and read again after a restart only; what is looked up is the <see cref="NonceIndex"/>.</remarks>
/// <param name="directory">Where its files are: <c>START-NUMBER.nonces</c>.</param>
/// <param name="start">When the stretch begins, in seconds since 1970.</param>
internal sealed class NonceBucket(string directory, long start) : IDisposable
{
    /// <summary>The places of the first file: 256 KiB.</summary>
    private const long FirstPlaces = 32 * 1024;

    /// <summary>Those of the largest: 4 MiB, which are written in some milliseconds.</summary>
    private const long PlacesMax = 512 * 1024;
    private const long Growth = 4;

    private NonceLog? _log;
    private int _next;

    /// <summary>How its files are called.</summary>
    public const string Pattern = "*.nonces";

    /// <summary>When the stretch begins, in seconds since 1970.</summary>
    public long Start => start;

    /// <summary>How many are in it.</summary>
    public long Count { get; private set; }

    /// <summary>The stretches of which there are files.</summary>
    public static IReadOnlyList<long> StartsIn(string directory) =>
        [.. Directory.EnumerateFiles(directory, Pattern)
            .Select(path => long.TryParse(Path.GetFileName(path).Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var start) ? start : -1)
            .Where(start => start >= 0)
            .Distinct()];

    /// <summary>Reads the files that there are. What is added goes behind them.</summary>
    /// <param name="take">Takes each number; <see langword="false"/> where it was there already.</param>
    /// <exception cref="IOException">One cannot be read.</exception>
    public void Open(Func<ulong, bool> take)
    {
        foreach (var number in Numbers())
        {
            Count += NonceLog.Read(PathOf(number)).Count(take);
            _next = number + 1;
        }
    }

    /// <summary>Adds a number that is not in it.</summary>
    /// <exception cref="IOException">There is no room for it.</exception>
    public void Add(ulong number)
    {
        if (_log is not { IsFull: false } log)
        {
            log = NonceLog.Create(PathOf(_next), _log is null ? FirstPlaces : Math.Min(_log.Places * Growth, PlacesMax));
            _next++;
            _log?.Dispose();
            _log = log;
        }

        log.Add(number);
        Count++;
    }

    /// <summary>Forgets all, files too.</summary>
    public void Remove()
    {
        Dispose();
        foreach (var number in Numbers().ToList())
        {
            File.Delete(PathOf(number));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _log?.Dispose();

    private IEnumerable<int> Numbers() =>
        Directory.EnumerateFiles(directory, string.Create(CultureInfo.InvariantCulture, $"{start}-{Pattern}"))
            .Select(path => int.TryParse(Path.GetFileNameWithoutExtension(path).Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)
            .Where(number => number >= 0)
            .Order();

    private string PathOf(int number) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{start}-{number}.nonces"));
}
