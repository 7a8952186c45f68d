namespace Hydravisor.Actors.Access.Replay;

/// <summary>One byte for each stretch of time, and which of them are remembered. 0 is none. Not thread-safe.</summary>
internal sealed class StretchMarks
{
    /// <summary>How long a stretch is.</summary>
    public const long Seconds = 30;

    /// <summary>Marks, with that of none.</summary>
    public const int Count = 256;
    private const long Forgotten = -1;

    private readonly long[] _starts = [.. Enumerable.Repeat(Forgotten, Count)];

    /// <summary>The mark of the stretch that begins then; that of another one too, two hours before and after it.</summary>
    public static byte Of(long start) => (byte)(1 + (start / Seconds % (Count - 1)));

    /// <summary>From now on these are remembered, and no others.</summary>
    public void Set(IEnumerable<long> starts)
    {
        Array.Fill(_starts, Forgotten);
        foreach (var start in starts)
        {
            ref var known = ref _starts[Of(start)];
            known = Math.Max(known, start);
        }
    }

    /// <summary>Whether what bears that mark is remembered.</summary>
    public bool IsRemembered(byte mark) => _starts[mark] != Forgotten;

    /// <summary>Which of two is remembered longer.</summary>
    public byte Later(byte one, byte other) => _starts[one] >= _starts[other] ? one : other;
}
