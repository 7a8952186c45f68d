using System.Buffers.Binary;

namespace Hydravisor.Actors.Feeds;

/// <summary>How far a file that is turned over was read: made to be stored, and to be believed only if it still fits. A plain value, also as JSON.</summary>
/// <param name="Inode">The file's number; see <see cref="FileIdentity"/>.</param>
/// <param name="Born">When the file was made.</param>
/// <param name="Offset">How many of its bytes were taken.</param>
/// <param name="Fingerprint">Hash of the last of these bytes, at most <see cref="FingerprintBytesMax"/>.</param>
internal readonly record struct TailPlace(ulong Inode, long Born, long Offset, ulong Fingerprint)
{
    /// <summary>Bytes before the offset that the fingerprint is made of.</summary>
    public const int FingerprintBytesMax = 64;

    /// <summary>Length of the binary form in bytes.</summary>
    public const int BinaryBytes = 32;

    /// <summary>Nothing was read yet: whatever is there is new.</summary>
    public static TailPlace Beginning => default;

    /// <summary>Writes the binary form.</summary>
    /// <param name="to">At least <see cref="BinaryBytes"/>.</param>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Inode);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Born);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], Fingerprint);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static TailPlace Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(from),
        BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(from[24..]));
}
