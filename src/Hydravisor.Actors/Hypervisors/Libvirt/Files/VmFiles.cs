using System.Globalization;
using System.Text.Json;
using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Files;
using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Files;

/// <summary>Makes and removes the files of VMs. Its calls block. What is there already stays as it is, and each file appears whole, so that a
/// second call finishes what a kill interrupted.</summary>
/// <param name="vmsDirectory">Where the VMs' directories are.</param>
/// <param name="catalogue">Finds an image as it was when a VM was made of it; null where there is none.</param>
internal sealed class VmFiles(string vmsDirectory, Func<ImageRef, ImageEntry?> catalogue)
{
    // QEMU's user walks through and opens what it is lent; it cannot look around.
    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // Only root lends files.
    private const uint Us = 0;

    /// <summary>The paths of a VM.</summary>
    public VmPaths Of(InstanceId id) => VmPaths.Of(vmsDirectory, id);

    /// <summary>The image of a VM as it was when the VM was made; as the catalogue has it where the VM is not made yet.</summary>
    public Outcome<ImageEntry> ImageOf(DomainPlan plan)
    {
        var image = Kept(Of(plan.Id)) ?? catalogue(plan.Image);
        return image is null ? Outcome<ImageEntry>.Failed($"the catalogue has no image '{plan.Image.Name}', or no longer as this VM was made of it")
            : !image.IsBuilt ? Outcome<ImageEntry>.Failed($"the image '{image.Name}' is not built. Build it: hydravisor image build {image.Name}")
            : Missing(image) is { } missing ? Outcome<ImageEntry>.Failed($"the image '{image.Name}' lacks a file: {missing} is not there")
            : Outcome<ImageEntry>.Done(image with
            {
                // A rebuilt image gets new files and the names lead to those; what lies under this VM stays.
                KernelPath = Real(image.KernelPath),
                InitrdPath = Real(image.InitrdPath),
                DiskPath = Real(image.DiskPath),
            });
    }

    /// <summary>Makes what is missing of a VM's files.</summary>
    public Outcome Make(DomainPlan plan, ImageEntry image)
    {
        var paths = Of(plan.Id);
        try
        {
            Directory.CreateDirectory(paths.Directory);
            File.SetUnixFileMode(paths.Directory, Passable);
            WriteUnlessThere(paths.Image, () => JsonSerializer.SerializeToUtf8Bytes(image, VmFilesJson.Default.ImageEntry));
            WriteUnlessThere(paths.Instance, () => GuestData.Instance(plan));
            Fifo.Make(paths.GuestLogPipeIn);
            Fifo.Make(paths.GuestLogPipeOut);
            var made = plan.IsImported ? PutDisk(plan, image, paths.Disk)
                : DomainXml.HasDisk(plan, image) && !File.Exists(paths.Disk) ? MakeDisk(plan, image, paths.Disk)
                : Outcome.Done;
            return made.IsDone && image.CloudInit && !File.Exists(paths.Seed) ? MakeSeed(plan, paths) : made;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Failed($"its files cannot be made: {e.Message}");
        }
    }

    /// <summary>Lends QEMU's user what it opens itself: the disk and the pipes to write to, the rest to read only. The directory stays ours.</summary>
    public Outcome Lend(InstanceId id, QemuUser user)
    {
        var paths = Of(id);
        try
        {
            foreach (var file in new[] { paths.Disk, paths.GuestLogPipeIn, paths.GuestLogPipeOut }.Where(File.Exists))
            {
                FileOwner.Set(file, user.User, user.Group);
            }

            foreach (var file in new[] { paths.Instance, paths.Seed }.Where(File.Exists))
            {
                FileOwner.Set(file, Us, user.Group);
                File.SetUnixFileMode(file, WholeFile.Private | UnixFileMode.GroupRead);
            }

            return Outcome.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Failed($"its files cannot be lent to QEMU: {e.Message}");
        }
    }

    /// <summary>Makes a disk that came from another node lie above this node's file of its image.</summary>
    /// <param name="plan">The VM.</param>
    /// <param name="disk">The disk.</param>
    public Outcome Fit(DomainPlan plan, string disk)
    {
        var image = ImageOf(plan);
        return !image.IsDone ? image.Result
            : !DomainXml.HasDisk(plan, image.Value!) ? Outcome.Done
            : new FileInfo(disk).Length == 0 ? Outcome.Failed("it has no disk there, and should have one")
            : image.Value!.DiskPath is { } backing
                ? ChildProcess.Run("qemu-img", "qemu-utils", "rebase", "-q", "-u", "-f", "qcow2", "-F", image.Value.DiskFormat, "-b", backing, disk).Result
            : Outcome.Done;
    }

    /// <summary>Notes that a VM comes as it runs: what is made of it from now on is removed if it does not come.</summary>
    public Outcome Expect(InstanceId id)
    {
        try
        {
            ImportedDisk.Of(vmsDirectory, id).Expect();
            return Outcome.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Failed($"it cannot be noted that it comes: {e.Message}");
        }
    }

    /// <summary>Removes all of a VM's files.</summary>
    public Outcome Remove(InstanceId id)
    {
        try
        {
            ImportedDisk.Of(vmsDirectory, id).Drop();
            Directory.Delete(Of(id).Directory, recursive: true);
            return Outcome.Done;
        }
        catch (DirectoryNotFoundException)
        {
            return Outcome.Done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Failed($"its files cannot be removed: {e.Message}");
        }
    }

    private static ImageEntry? Kept(VmPaths paths)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(paths.Image), VmFilesJson.Default.ImageEntry);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    private static string? Missing(ImageEntry image) =>
        new[] { image.KernelPath, image.InitrdPath, image.DiskPath }.FirstOrDefault(path => path is not null && !File.Exists(path));

    private static string? Real(string? path) =>
        path is null ? null : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private static void WriteUnlessThere(string path, Func<byte[]> content)
    {
        if (!File.Exists(path))
        {
            WholeFile.Write(path, content());
        }
    }

    private Outcome PutDisk(DomainPlan plan, ImageEntry image, string disk)
    {
        var imported = ImportedDisk.Of(vmsDirectory, plan.Id);
        if (DomainXml.HasDisk(plan, image))
        {
            return imported.PutAt(disk);
        }

        imported.Drop();
        return Outcome.Done;
    }

    private static Outcome MakeDisk(DomainPlan plan, ImageEntry image, string disk)
    {
        var half = WholeFile.Half(disk);
        List<string> arguments = ["create", "-q", "-f", "qcow2"];
        if (image.DiskPath is { } backing)
        {
            if (plan.DiskBytes > 0 && TooSmall(plan, image, backing) is { IsDone: false } refused)
            {
                return refused;
            }

            // The format is stated: were it guessed, a guest could write another's header into a raw disk and so name any file.
            arguments.AddRange(["-F", image.DiskFormat, "-b", backing]);
        }

        arguments.Add(half);
        if (plan.DiskBytes > 0)
        {
            arguments.Add(plan.DiskBytes.ToString(CultureInfo.InvariantCulture));
        }

        var made = ChildProcess.Run("qemu-img", "qemu-utils", arguments).Result;
        return made.IsDone ? Finish(half, disk) : made;
    }

    private static Outcome TooSmall(DomainPlan plan, ImageEntry image, string backing)
    {
        var info = ChildProcess.Run("qemu-img", "qemu-utils", "info", "--output=json", "-f", image.DiskFormat, backing);
        if (!info.IsDone)
        {
            return info.Result;
        }

        using var json = JsonDocument.Parse(info.Value!);
        var least = json.RootElement.GetProperty("virtual-size").GetInt64();
        return plan.DiskBytes >= least
            ? Outcome.Done
            : Outcome.Failed($"a disk of {plan.DiskBytes} bytes is too small for the image '{image.Name}': it needs {least}");
    }

    private static Outcome MakeSeed(DomainPlan plan, VmPaths paths)
    {
        var half = WholeFile.Half(paths.Seed);
        var files = paths.Seed + ".d";
        Directory.CreateDirectory(files);
        File.WriteAllBytes(Path.Combine(files, "user-data"), GuestData.UserData(plan));
        File.WriteAllBytes(Path.Combine(files, "meta-data"), GuestData.MetaData(plan));
        var made = ChildProcess.Run(
            "xorriso", "xorriso", "-as", "mkisofs", "-quiet", "-volid", "cidata", "-joliet", "-rock", "-output", half, files).Result;
        Directory.Delete(files, recursive: true);
        return made.IsDone ? Finish(half, paths.Seed) : made;
    }

    private static Outcome Finish(string half, string whole)
    {
        File.SetUnixFileMode(half, WholeFile.Private);
        File.Move(half, whole, overwrite: true);
        return Outcome.Done;
    }
}
