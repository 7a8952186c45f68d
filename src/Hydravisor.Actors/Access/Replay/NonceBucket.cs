using System.Globalization;

namespace Hydravisor.Actors.Access.Replay;

/// <summary>The nonces of the messages whose time lies within one stretch. Not thread-safe.</summary>
/// <remarks>
/// A full table gives way to one of four times its size that begins with all that is in it: a nonce is looked up in each table, which is memory far away. Its file
/// goes only then, so that a process that is killed meanwhile leaves both, which together are right.
/// </remarks>
/// <param name="directory">Where its files are: <c>START-NUMBER.nonces</c>.</param>
/// <param name="start">When the stretch begins, in seconds since 1970.</param>
internal sealed class NonceBucket(string directory, long start) : IDisposable
{
    /// <summary>The places of the first table: 256 KiB.</summary>
    private const long FirstSlots = 32 * 1024;
    private const long Growth = 4;

    private readonly List<NonceTable> _tables = [];
    private readonly List<NonceTable> _former = [];
    private int _next;

    /// <summary>How its files are called.</summary>
    public const string Pattern = "*.nonces";

    /// <summary>When the stretch begins, in seconds since 1970.</summary>
    public long Start => start;

    /// <summary>Its tables, the newest last: one, but where a process was killed while there were two.</summary>
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
        foreach (var number in Numbers())
        {
            _tables.Add(NonceTable.Open(PathOf(number)));
            Count += _tables[^1].Count;
            _next = number + 1;
        }
    }

    /// <summary>Adds a number that is not in it.</summary>
    /// <returns>Whether there is a new table in place of the former ones: look into that from now on, and then <see cref="RemoveFormer"/>.</returns>
    /// <exception cref="IOException">There is no room for it.</exception>
    public bool Add(ulong number)
    {
        var needsTable = _tables.Count == 0 || _tables[^1].IsFull;
        if (needsTable)
        {
            var table = NonceTable.Create(PathOf(_next++), _tables.Count == 0 ? FirstSlots : _tables[^1].Slots * Growth);
            _tables.ForEach(former => former.CopyTo(table));
            _former.AddRange(_tables);
            _tables.Clear();
            _tables.Add(table);
        }

        _tables[^1].Add(number);
        Count++;
        return needsTable;
    }

    /// <summary>Lets the tables go that gave way to another one. They are mapped no more then: nobody may look into them.</summary>
    public void RemoveFormer()
    {
        while (_former.Count > 0)
        {
            var former = _former[^1];
            _former.RemoveAt(_former.Count - 1);
            former.Remove();
        }
    }

    /// <summary>Forgets all, files too.</summary>
    public void Remove() => _tables.ForEach(table => table.Remove());

    /// <inheritdoc/>
    public void Dispose() => _tables.ForEach(table => table.Dispose());

    private IEnumerable<int> Numbers() =>
        Directory.EnumerateFiles(directory, string.Create(CultureInfo.InvariantCulture, $"{start}-{Pattern}"))
            .Select(path => int.TryParse(Path.GetFileNameWithoutExtension(path).Split('-')[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)
            .Where(number => number >= 0)
            .Order();

    private string PathOf(int number) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{start}-{number}.nonces"));
}
