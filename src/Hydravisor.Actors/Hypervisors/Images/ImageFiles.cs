using System.Buffers.Binary;

namespace Hydravisor.Actors.Hypervisors.Images;

/// <summary>
/// What lies on disk for an entry. A plain name (<c>disk.qcow2</c>) may be a link to a file called after its content
/// (<c>disk-0123456789ab.qcow2</c>), which never changes: VMs hold the latter, so that building an image anew leaves them as they are.
/// </summary>
internal static class ImageFiles
{
    private const int DigestCharsInName = 12;

    /// <summary>The entry with links followed, its digest, and whether it is built: as it is now.</summary>
    public static ImageEntry Resolve(ImageEntry entry)
    {
        var (kernel, initrd, disk) = (Follow(entry.KernelPath), Follow(entry.InitrdPath), Follow(entry.DiskPath));
        return entry with
        {
            KernelPath = kernel,
            InitrdPath = initrd,
            DiskPath = disk,
            Sha256 = entry.Sha256 ?? StatedDigest(entry.DiskPath ?? entry.KernelPath!),
            IsBuilt = IsThere(kernel) && IsThere(initrd) && IsThere(disk),
        };
    }

    /// <summary>The entry with the disk of another digest, where that is still there: the one that an older VM was made of.</summary>
    public static ImageEntry? WithDigest(ImageEntry entry, string sha256)
    {
        if (entry.Sha256 == sha256 || entry.DiskPath is not { } now)
        {
            return entry.Sha256 == sha256 ? entry : null;
        }

        var then = Path.Combine(Path.GetDirectoryName(now)!, NameOf("disk", sha256, entry.DiskFormat));
        return File.Exists(then) ? entry with { DiskPath = then, Sha256 = sha256, IsBuilt = true } : null;
    }

    /// <summary>The name of a file that is called after its content.</summary>
    public static string NameOf(string stem, string sha256, string extension) => $"{stem}-{sha256[..DigestCharsInName]}.{extension}";

    /// <summary>The size in bytes that a guest sees of a disk; 0 when it cannot be read.</summary>
    public static long VirtualBytes(string path, string format)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (format != "qcow2")
            {
                return file.Length;
            }

            Span<byte> header = stackalloc byte[32];
            file.ReadExactly(header);
            return BinaryPrimitives.ReadInt64BigEndian(header[24..]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static string? Follow(string? path)
    {
        try
        {
            return path is null ? null : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            return path;
        }
    }

    private static bool IsThere(string? path) => path is null || File.Exists(path);

    /// <summary>What the recipe wrote into SHA256SUMS beside the file: <c>DIGEST  NAME</c>.</summary>
    private static string? StatedDigest(string path)
    {
        var sums = Path.Combine(Path.GetDirectoryName(path)!, "SHA256SUMS");
        try
        {
            return !File.Exists(sums)
                ? null
                : File.ReadLines(sums)
                    .Select(line => line.Split("  ", 2))
                    .Where(parts => parts is [var digest, var name] && name == Path.GetFileName(path) && ImageEntryReader.IsSha256(digest))
                    .Select(parts => parts[0])
                    .FirstOrDefault();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
