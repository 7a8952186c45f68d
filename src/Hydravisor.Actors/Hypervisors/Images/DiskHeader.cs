using System.Buffers.Binary;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>
/// Looks at the beginning of a disk that somebody gave us, before any program opens it: whoever opens a disk of another format, or one with a
/// backing or an external data file, opens files that the disk's maker chose.
/// </summary>
/// <remarks>Sources: QEMU, docs/interop/qcow2.txt; UEFI specification 2.10, section 5.2 (a boot sector ends with 55 AA).</remarks>
internal static class DiskHeader
{
    private const int Length = 512;
    private const uint Qcow2Magic = 0x514649FB;
    private const ulong ExternalDataFile = 1 << 2;

    /// <summary>The format, <c>qcow2</c> or <c>raw</c>.</summary>
    /// <exception cref="ImageImportException">It is neither, or it needs other files.</exception>
    public static string FormatOf(Stream disk)
    {
        Span<byte> header = stackalloc byte[Length];
        var read = disk.ReadAtLeast(header, Length, throwOnEndOfStream: false);
        if (read >= 104 && BinaryPrimitives.ReadUInt32BigEndian(header) == Qcow2Magic)
        {
            CheckQcow2(header);
            return "qcow2";
        }

        return read == Length && header[510] == 0x55 && header[511] == 0xAA
            ? "raw"
            : throw new ImageImportException(
                "the file is no disk that can boot: it is neither qcow2 nor a raw disk with a boot sector. A compressed file must be unpacked "
                + "first, and a disk of another format converted: qemu-img convert -O qcow2 OLD NEW.qcow2");
    }

    private static void CheckQcow2(ReadOnlySpan<byte> header)
    {
        var version = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (version is not (2 or 3))
        {
            throw new ImageImportException($"the qcow2 file is of version {version}; 2 and 3 are known.");
        }

        if (BinaryPrimitives.ReadUInt64BigEndian(header[8..]) != 0)
        {
            throw new ImageImportException(
                "the disk has a backing file, so it is not whole, and whoever opens it opens another file too. "
                + "Make it whole first: qemu-img convert -O qcow2 OLD NEW.qcow2");
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(header[32..]) != 0)
        {
            throw new ImageImportException("the disk is encrypted; it must be given in the clear.");
        }

        if (version == 3 && (BinaryPrimitives.ReadUInt64BigEndian(header[72..]) & ExternalDataFile) != 0)
        {
            throw new ImageImportException(
                "the disk keeps its data in another file. Make it whole first: qemu-img convert -O qcow2 OLD NEW.qcow2");
        }
    }
}
