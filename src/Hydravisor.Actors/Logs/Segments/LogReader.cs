using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Hydravisor.Actors.Logs.Segments;

/// <summary>Reads entries of a log in order. What is not there any more is said as a gap among them. Not thread-safe.</summary>
/// <param name="reader">To read with.</param>
internal sealed class LogReader(SegmentReader reader)
{
    /// <summary>A gap as it stands among the entries.</summary>
    public static byte[] Gap(long from, long to) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"gap\":{{\"from\":{from},\"to\":{to}}}}}"));

    /// <summary>Reads entries.</summary>
    /// <param name="store">Whose.</param>
    /// <param name="from">Sequence number of the first.</param>
    /// <param name="to">Gets the entries, joined by commas.</param>
    /// <param name="bytesMax">Stop before so many bytes; one entry comes always.</param>
    /// <param name="entriesMax">Stop after so many entries; null: stop only where a frame ends.</param>
    /// <param name="hint">Where a former reading of this store ended.</param>
    /// <returns>The sequence number at which to go on, and where that is.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public (long Next, ReadHint Hint) Read(SegmentStore store, long from, ArrayBufferWriter<byte> to, int bytesMax, int? entriesMax, ReadHint hint)
    {
        var last = store.State.LastSeq;
        if (from < store.First)
        {
            Add(to, Gap(from, store.First - 1));
            from = store.First;
        }

        try
        {
            var left = entriesMax ?? int.MaxValue;
            for (var file = FileOf(store.Firsts, from); from <= last && left > 0; file++)
            {
                var first = store.Firsts[file];
                reader.Open(store.PathOf(first), hint.File == first && hint.Next <= from ? hint.Offset : 0);
                if (!Read(first, ref from, to, bytesMax, entriesMax is null, ref left, ref hint))
                {
                    return (from, hint);
                }

                // A file that ends before the next one begins is damaged: said like everything that is gone.
                var end = file + 1 < store.Firsts.Count ? store.Firsts[file + 1] - 1 : last;
                if (from <= end && left > 0)
                {
                    Add(to, Gap(from, end));
                    from = end + 1;
                }
            }

            return (Math.Min(from, last + 1), hint);
        }
        finally
        {
            reader.Close();
        }
    }

    // Whether to go on with the next file.
    private bool Read(long file, ref long from, ArrayBufferWriter<byte> to, int bytesMax, bool wholeFrames, ref int left, ref ReadHint hint)
    {
        var start = reader.Offset;
        while (left > 0 && reader.TryNext(out var header))
        {
            if (header.After.LastSeq >= from && header.Count > 0)
            {
                var skip = (int)(from - header.First);
                var most = Math.Min(header.Count - skip, left);
                var take = wholeFrames ? most : Fitting(header, skip, most, bytesMax - to.WrittenCount);
                var entries = Entries(header, skip, take);
                if (to.WrittenCount > 0 && (take == 0 || to.WrittenCount + entries.Length > bytesMax))
                {
                    hint = new ReadHint(file, start, header.First);
                    return false;
                }

                take = Math.Max(take, 1);
                Add(to, Entries(header, skip, take).Span);
                from += take;
                left -= take;
                if (take < header.Count - skip)
                {
                    hint = new ReadHint(file, start, header.First);
                    return false;
                }
            }

            start = reader.Offset;
            hint = new ReadHint(file, start, from);
        }

        return left > 0;
    }

    private static int FileOf(IReadOnlyList<long> firsts, long seq)
    {
        var (low, high) = (0, firsts.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = firsts[middle] <= seq ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private int Fitting(FrameHeader header, int skip, int most, int room)
    {
        var fit = most;
        while (fit > 0 && End(header, skip + fit) - Start(header, skip) > room)
        {
            fit = fit > 16 && End(header, skip + (fit / 2)) - Start(header, skip) > room ? fit / 2 : fit - 1;
        }

        return fit;
    }

    private ReadOnlyMemory<byte> Entries(FrameHeader header, int skip, int take) =>
        take == 0 ? default : reader.Payload[Start(header, skip)..End(header, skip + take)];

    private int Start(FrameHeader header, int entry) =>
        BinaryPrimitives.ReadInt32LittleEndian(reader.Payload.Span[(header.JsonBytes + (entry * FrameHeader.OffsetBytes))..]);

    // Behind an entry, whose number is one less: before the comma that separates the next one from it.
    private int End(FrameHeader header, int next) => next == header.Count ? header.JsonBytes : Start(header, next) - 1;

    private static void Add(ArrayBufferWriter<byte> to, ReadOnlySpan<byte> entries)
    {
        if (to.WrittenCount > 0)
        {
            to.Write(","u8);
        }

        to.Write(entries);
    }
}
