using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Hydravisor.Actors.Access.Replay;

/// <summary>A part of a <see cref="NonceIndex"/>: lines of the processor's cache, each with room for seven numbers. Not thread-safe.</summary>
/// <remarks>A number stands in its own line, or in the next one that had room for it. Each line knows until when others went on from it.</remarks>
internal sealed unsafe partial class NoncePart : IDisposable
{
    private const long FirstLines = 256;
    private const int HugeBytes = 2 * 1024 * 1024;
    private const int AdviseHuge = 14;

    // Fuller than that, more and more numbers are not in their own line; emptier than an eighth of that, it is memory for nothing.
    private const double FillMax = 0.7;
    private const double FillMin = FillMax / 8;

    private readonly StretchMarks _marks;
    private readonly long[] _counts = new long[StretchMarks.Count];
    private Line* _lines;
    private long _mask;
    private long _most;
    private Counted _remembered;

    /// <summary>Makes an empty one.</summary>
    /// <param name="marks">Which stretches are remembered.</param>
    public NoncePart(StretchMarks marks)
    {
        _marks = marks;
        Take(FirstLines);
    }

    /// <summary>Frees its memory where nobody did.</summary>
    ~NoncePart() => Free();

    /// <summary>Other stretches are remembered than before: gives memory back that is not needed any more.</summary>
    public void Tidy()
    {
        _remembered.Count = 0;
        for (var mark = 0; mark < StretchMarks.Count; mark++)
        {
            _remembered.Count += _marks.IsRemembered((byte)mark) ? _counts[mark] : 0;
        }

        var lines = _mask + 1;
        while (lines > FirstLines && _remembered.Count < lines * Line.Places * FillMin)
        {
            lines /= 2;
        }

        if (lines <= _mask)
        {
            Move(lines);
        }
    }

    /// <summary>Has the processor fetch the line of a number, and does not wait for it. Safe for all threads.</summary>
    public void Prefetch(ulong number)
    {
        // Of an address where nothing is, or is no more, nothing is fetched, and nothing else happens.
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(_lines + (number & (ulong)_mask));
        }
    }

    /// <summary>Whether a number is in it.</summary>
    public bool Contains(ulong number)
    {
        for (var at = (long)(number & (ulong)_mask); ; at = (at + 1) & _mask)
        {
            ref var line = ref _lines[at];
            for (var place = 0; place < Line.Places; place++)
            {
                if (line.Numbers[place] == number && _marks.IsRemembered(line.Marks[place]))
                {
                    return true;
                }
            }

            if (!_marks.IsRemembered(line.Marks[Line.WentOn]))
            {
                return false;
            }
        }
    }

    /// <summary>Adds a number that is not in it.</summary>
    /// <param name="number">The number.</param>
    /// <param name="mark">The mark of its stretch, which is remembered.</param>
    public void Add(ulong number, byte mark)
    {
        if (_remembered.Count >= _most)
        {
            Move((_mask + 1) * 2);
        }

        Put(number, mark);
        _counts[mark]++;
        _remembered.Count++;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    // There is room: it is never full.
    private void Put(ulong number, byte mark)
    {
        for (var at = (long)(number & (ulong)_mask); ; at = (at + 1) & _mask)
        {
            ref var line = ref _lines[at];
            for (var place = 0; place < Line.Places; place++)
            {
                if (!_marks.IsRemembered(line.Marks[place]))
                {
                    _counts[line.Marks[place]]--;
                    (line.Numbers[place], line.Marks[place]) = (number, mark);
                    return;
                }
            }

            line.Marks[Line.WentOn] = _marks.Later(line.Marks[Line.WentOn], mark);
        }
    }

    private void Move(long lines)
    {
        var former = _lines;
        var count = _mask + 1;
        Take(lines);
        Array.Clear(_counts);
        _remembered.Count = 0;
        for (var at = 0L; at < count; at++)
        {
            ref var line = ref former[at];
            for (var place = 0; place < Line.Places; place++)
            {
                if (_marks.IsRemembered(line.Marks[place]))
                {
                    Put(line.Numbers[place], line.Marks[place]);
                    _counts[line.Marks[place]]++;
                    _remembered.Count++;
                }
            }
        }

        NativeMemory.AlignedFree(former);
    }

    private void Take(long lines)
    {
        _lines = Allocate(lines);
        _mask = lines - 1;
        _most = (long)(lines * Line.Places * FillMax);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_lines);
        _lines = null;
    }

    // Of memory in small pages the processor has to look up where each one is, which takes as long as the fetch.
    private static Line* Allocate(long lines)
    {
        var bytes = (nuint)(lines * sizeof(Line));
        var memory = (Line*)NativeMemory.AlignedAlloc(bytes, bytes < HugeBytes ? (nuint)sizeof(Line) : HugeBytes);
        if (bytes >= HugeBytes)
        {
            // Where the system has none, nothing is lost.
            _ = Advise(memory, bytes, AdviseHuge);
        }

        NativeMemory.Clear(memory, bytes);
        return memory;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* memory, nuint bytes, int advice);

    /// <summary>Written for each number, and so alone in its line: what a prefetch reads is not fetched from another processor each time.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Counted
    {
        [FieldOffset(64)]
        public long Count;
    }

    /// <summary>64 bytes.</summary>
    private struct Line
    {
        public const int Places = 7;

        /// <summary>Where the mark of the latest number is that belongs here and stands in a line behind.</summary>
        public const int WentOn = 7;

        public fixed ulong Numbers[Places];
        public fixed byte Marks[Places + 1];
    }
}
