using System.Buffers.Binary;
using System.IO.Hashing;
using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Logs.Segments;

/// <summary>
/// The head of a frame of a segment file. A frame is: this head; <paramref name="Count"/> entries as JSON objects joined by commas; the offset of each of them as 32
/// bits. All numbers are little-endian. Layout: CRC-32 of all that follows, magic with the version, length of what follows the head, count, first sequence number,
/// lifecycle position, milliseconds of the Unix epoch, place in the console's log, place in the port's log.
/// </summary>
/// <param name="PayloadBytes">Length of what follows the head.</param>
/// <param name="Count">Entries; 0 in the frame that begins a file and only carries the state on.</param>
/// <param name="First">Sequence number of the first entry; with no entries, of the next.</param>
/// <param name="WrittenMs">When it was written.</param>
/// <param name="After">The state after these entries.</param>
internal readonly record struct FrameHeader(int PayloadBytes, int Count, long First, long WrittenMs, LogState After)
{
    /// <summary>Length of the head in bytes.</summary>
    public const int Bytes = 40 + (2 * TailPlace.BinaryBytes);

    /// <summary>Bytes of one entry's place in the table behind the entries.</summary>
    public const int OffsetBytes = 4;

    // Version 1, and a byte that is no text, so that no guest can write what looks like a frame.
    private const uint Magic = 0x01_4C_56_48;
    private const int PayloadBytesMax = 256 * 1024 * 1024;

    /// <summary>Length of the entries in bytes, without the table.</summary>
    public int JsonBytes => PayloadBytes - (Count * OffsetBytes);

    /// <summary>Reads a head; false: this is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out FrameHeader header)
    {
        header = default;
        if (from.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(from[4..]) != Magic)
        {
            return false;
        }

        var payload = BinaryPrimitives.ReadInt32LittleEndian(from[8..]);
        var count = BinaryPrimitives.ReadInt32LittleEndian(from[12..]);
        var first = BinaryPrimitives.ReadInt64LittleEndian(from[16..]);
        if (payload is < 0 or > PayloadBytesMax || count < 0 || count > payload / OffsetBytes || first < 1)
        {
            return false;
        }

        header = new FrameHeader(payload, count, first, BinaryPrimitives.ReadInt64LittleEndian(from[32..]), new LogState(
            first + count - 1,
            BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            TailPlace.Read(from[40..]),
            TailPlace.Read(from[(40 + TailPlace.BinaryBytes)..])));
        return true;
    }

    /// <summary>Whether a frame is as it was written.</summary>
    /// <param name="frame">Head and payload.</param>
    public static bool IsWhole(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt32LittleEndian(frame) == Crc32.HashToUInt32(frame[4..]);

    /// <summary>Writes the head in front of a payload that is there already.</summary>
    /// <param name="frame">Room for the head, then the payload.</param>
    public void Seal(Span<byte> frame)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Magic);
        BinaryPrimitives.WriteInt32LittleEndian(frame[8..], PayloadBytes);
        BinaryPrimitives.WriteInt32LittleEndian(frame[12..], Count);
        BinaryPrimitives.WriteInt64LittleEndian(frame[16..], First);
        BinaryPrimitives.WriteInt64LittleEndian(frame[24..], After.Lifecycle);
        BinaryPrimitives.WriteInt64LittleEndian(frame[32..], WrittenMs);
        After.Console.Write(frame[40..]);
        After.Port.Write(frame[(40 + TailPlace.BinaryBytes)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Crc32.HashToUInt32(frame[4..]));
    }
}
