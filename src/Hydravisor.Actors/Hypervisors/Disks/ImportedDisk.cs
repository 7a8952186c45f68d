using Hydravisor.Actors.Files;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Disks;

/// <summary>Where the disk of a VM lies that comes from another node, until it is that node's no more: a directory beside the VM's own. Its calls block.</summary>
/// <param name="Directory">The directory.</param>
internal sealed record ImportedDisk(string Directory)
{
    /// <summary>The mode of the directory.</summary>
    public const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const string Suffix = ".import";

    /// <summary>The disk; there when it is whole.</summary>
    public string Whole => Path.Combine(Directory, "disk");

    /// <summary>The disk while it comes.</summary>
    public string Half => Path.Combine(Directory, "disk.new");

    /// <summary>There where it is no disk that comes, but a domain that comes as it runs: its place is made.</summary>
    public string Landing => Path.Combine(Directory, "landing");

    /// <summary>Whether a domain comes as it runs.</summary>
    public bool IsLanding => File.Exists(Landing);

    /// <summary>Whether it is whole.</summary>
    public bool IsWhole => File.Exists(Whole);

    /// <summary>That of a VM.</summary>
    /// <param name="vmsDirectory">Where the VMs' directories are.</param>
    /// <param name="id">The VM.</param>
    public static ImportedDisk Of(string vmsDirectory, InstanceId id) => new(Path.Combine(vmsDirectory, id.Value + Suffix));

    /// <summary>The VMs that have one, and whether it is whole.</summary>
    /// <param name="vmsDirectory">Where the VMs' directories are.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static IReadOnlyDictionary<InstanceId, bool> All(string vmsDirectory) =>
        (System.IO.Directory.Exists(vmsDirectory) ? System.IO.Directory.EnumerateDirectories(vmsDirectory, "*" + Suffix) : [])
            .Select(path => InstanceId.TryParse(Path.GetFileNameWithoutExtension(path), out var id) ? id : null)
            .OfType<InstanceId>()
            .ToDictionary(id => id, id => Of(vmsDirectory, id).IsWhole);

    /// <summary>Notes that a domain comes as it runs, so that what is there of it is removed if it does not.</summary>
    /// <exception cref="IOException">It cannot be noted.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be noted.</exception>
    public void Expect()
    {
        Drop();
        System.IO.Directory.CreateDirectory(Directory, OwnersOnly);
        File.WriteAllBytes(Landing, []);
        NativeFile.FlushDirectory(Directory);
        NativeFile.FlushDirectory(Path.GetDirectoryName(Directory)!);
    }

    /// <summary>What came is whole: from now on it is found.</summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public void Complete()
    {
        using (var file = new FileStream(Half, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0))
        {
            file.Flush(flushToDisk: true);
        }

        File.Move(Half, Whole, overwrite: true);
        NativeFile.FlushDirectory(Directory);
        NativeFile.FlushDirectory(Path.GetDirectoryName(Directory)!);
    }

    /// <summary>Puts it in its place, where it is not there already.</summary>
    /// <param name="disk">The place, in a directory that is there.</param>
    /// <returns>Failed: it is neither here nor there.</returns>
    /// <exception cref="IOException">It cannot be moved.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be moved.</exception>
    public Outcome PutAt(string disk)
    {
        if (IsWhole)
        {
            File.Move(Whole, disk, overwrite: true);
            NativeFile.FlushDirectory(Path.GetDirectoryName(disk)!);
        }

        if (!File.Exists(disk))
        {
            return Outcome.Failed($"the disk that was brought from its node before is not there: {Whole}");
        }

        Drop();
        return Outcome.Done;
    }

    /// <summary>Removes it.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be removed.</exception>
    public void Drop()
    {
        try
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // There is none.
        }
    }
}
