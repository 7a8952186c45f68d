using System.Globalization;

namespace Hydravisor.Actors.Access.Replay;

/// <summary>The nonces of the messages whose time lies within one stretch. Not thread-safe.</summary>
/// <param name="directory">Where its files are: <c>START-NUMBER.nonces</c>, each four times the one before: a nonce is looked up in all of them.</param>
/// <param name="start">When the stretch begins, in seconds since 1970.</param>
internal sealed class NonceBucket(string directory, long start) : IDisposable
{
    /// <summary>The places of the first table: 256 KiB.</summary>
    private const long FirstSlots = 32 * 1024;
    private const long Growth = 4;

    private readonly List<NonceTable> _tables = [];

    /// <summary>How its files are called.</summary>
    public const string Pattern = "*.nonces";

    /// <summary>When the stretch begins, in seconds since 1970.</summary>
    public long Start => start;

    /// <summary>Its tables, the newest last.</summary>
    public IReadOnlyList<NonceTable> Tables => _tables;

    /// <summary>How many are in it.</summary>
    public long Count { get; private set; }

    /// <summary>The stretches of which there are files.</summary>
    public static IReadOnlyList<long> StartsIn(string directory) =>
        [.. Directory.EnumerateFiles(directory, Pattern)
            .Select(path => long.TryParse(Path.GetFileName(path).Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var start) ? start : -1)
            .Where(start => start >= 0)
            .Distinct()];

    /// <summary>Opens the files that there are.</summary>
    /// <exception cref="IOException">One cannot be read.</exception>
    public void Open()
    {
        while (File.Exists(PathOf(_tables.Count)))
        {
            _tables.Add(NonceTable.Open(PathOf(_tables.Count)));
            Count += _tables[^1].Count;
        }
    }

    /// <summary>Adds a number that is not in it.</summary>
    /// <returns>Whether it has one table more than before.</returns>
    /// <exception cref="IOException">There is no room for it.</exception>
    public bool Add(ulong number)
    {
        var needsTable = _tables.Count == 0 || _tables[^1].IsFull;
        if (needsTable)
        {
            _tables.Add(NonceTable.Create(PathOf(_tables.Count), _tables.Count == 0 ? FirstSlots : _tables[^1].Slots * Growth));
        }

        _tables[^1].Add(number);
        Count++;
        return needsTable;
    }

    /// <summary>Forgets all, files too.</summary>
    public void Remove() => _tables.ForEach(table => table.Remove());

    /// <inheritdoc/>
    public void Dispose() => _tables.ForEach(table => table.Dispose());

    private string PathOf(int number) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{start}-{number}.nonces"));
}
