namespace Hydravisor.Actors.Access.Replay;

/// <summary>The numbers of all nonces that are remembered, in memory. Not thread-safe.</summary>
/// <remarks>
/// A node under load remembers some hundred MiB of them, so what looking one up costs is how many lines of memory are fetched for it: one, whatever time it bore.
/// Each number has the mark of its stretch of time beside it. What belongs to no stretch that is remembered is an empty place: nothing is cleared when one is forgotten.
/// Marks come again after two hours. What was not written over until then is remembered for as long again, and what is refused by it is a nonce that was used twice.
/// </remarks>
internal sealed class NonceIndex : IDisposable
{
    /// <summary>Each grows by itself, so that not all is moved at once.</summary>
    private const int PartCount = 16;
    private const int PartShift = 60;

    private readonly StretchMarks _marks = new();
    private readonly NoncePart[] _parts;

    /// <summary>Makes an empty one, of 256 KiB.</summary>
    public NonceIndex() => _parts = [.. Enumerable.Range(0, PartCount).Select(_ => new NoncePart(_marks))];

    /// <summary>From now on these stretches are remembered, and no others.</summary>
    /// <param name="starts">When they begin, in seconds since 1970.</param>
    public void Remember(IEnumerable<long> starts)
    {
        _marks.Set(starts);
        foreach (var part in _parts)
        {
            part.Tidy();
        }
    }

    /// <summary>Has the processor fetch the place of a number, and does not wait for it. Safe for all threads, and also when the index was disposed of.</summary>
    public void Prefetch(ulong number) => PartOf(number).Prefetch(number);

    /// <summary>Whether a number is in it.</summary>
    public bool Contains(ulong number) => PartOf(number).Contains(number);

    /// <summary>Adds a number that is not in it.</summary>
    /// <param name="number">The number.</param>
    /// <param name="start">When its stretch begins, which is remembered.</param>
    public void Add(ulong number, long start) => PartOf(number).Add(number, StretchMarks.Of(start));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var part in _parts)
        {
            part.Dispose();
        }
    }

    private NoncePart PartOf(ulong number) => _parts[number >> PartShift];
}
