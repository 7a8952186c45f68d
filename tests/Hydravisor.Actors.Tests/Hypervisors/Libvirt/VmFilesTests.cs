using System.Text;
using System.Text.Json;
using Hydravisor.Actors.Files;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

public sealed class VmFilesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly DomainPlan _plan = Samples.Plan() with { DiskBytes = 0 };
    private readonly VmFiles _files;
    private ImageEntry? _image;

    public VmFilesTests() => _files = new VmFiles(Path.Combine(_directory.Path, "vms"), _ => _image);

    private VmPaths Paths => _files.Of(_plan.Id);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_guest_of_a_kernel_image_gets_no_disk_unless_it_asked_for_one()
    {
        _image = NewImage(ImageBoot.Kernel);
        Done(_files.Make(_plan, Found()));
        Assert.Equal(["image.json", "instance.json", "log.pipe.in", "log.pipe.out"], Names());
        Done(_files.Make(_plan with { DiskBytes = 3 << 20 }, Found()));
        Assert.Equal(["disk.qcow2", "image.json", "instance.json", "log.pipe.in", "log.pipe.out"], Names());
        var disk = Info(Paths.Disk);
        Assert.Equal((3 << 20, "qcow2"), (disk.GetProperty("virtual-size").GetInt64(), disk.GetProperty("format").GetString()));
    }

    [Theory]
    [InlineData(0, 1 << 20)]
    [InlineData(8 << 20, 8 << 20)]
    public void The_disk_is_an_overlay_that_states_what_lies_under_it(int asked, int given)
    {
        _image = NewImage(ImageBoot.Disk);
        Done(_files.Make(_plan with { DiskBytes = asked }, Found()));
        var disk = Info(Paths.Disk);
        Assert.Equal(given, disk.GetProperty("virtual-size").GetInt64());
        Assert.Equal(_image.DiskPath, disk.GetProperty("backing-filename").GetString());
        Assert.Equal("raw", disk.GetProperty("backing-filename-format").GetString());
    }

    [Fact]
    public void A_disk_smaller_than_the_images_is_refused()
    {
        _image = NewImage(ImageBoot.Disk);
        var refused = _files.Make(_plan with { DiskBytes = 512 << 10 }, Found());
        Assert.Equal(Outcome.Failed("a disk of 524288 bytes is too small for the image 'sample': it needs 1048576"), refused);
        Assert.False(File.Exists(Paths.Disk));
    }

    [Fact]
    public void The_seed_bears_the_label_and_the_files_that_cloud_init_looks_for()
    {
        _image = NewImage(ImageBoot.Disk) with { CloudInit = true };
        Done(_files.Make(_plan, Found()));
        var seed = File.ReadAllBytes(Paths.Seed);
        Assert.Equal("cidata", Encoding.ASCII.GetString(seed, 0x8028, 32).Trim());
        Assert.NotEqual(-1, seed.AsSpan().IndexOf(GuestData.UserData(_plan)));
        Assert.NotEqual(-1, seed.AsSpan().IndexOf(GuestData.MetaData(_plan)));
        Assert.Equal(["disk.qcow2", "image.json", "instance.json", "log.pipe.in", "log.pipe.out", "seed.iso"], Names());
    }

    [Fact]
    public void What_a_kill_left_half_made_is_finished_and_what_is_whole_stays()
    {
        _image = NewImage(ImageBoot.Disk) with { CloudInit = true };
        Directory.CreateDirectory(Paths.Seed + ".d");
        foreach (var half in (string[])[Paths.Disk + ".new", Paths.Seed + ".new", Paths.Instance + ".new", Paths.Seed + ".d/user-data"])
        {
            File.WriteAllText(half, "half");
        }

        Done(_files.Make(_plan, Found()));
        Assert.Equal(["disk.qcow2", "image.json", "instance.json", "log.pipe.in", "log.pipe.out", "seed.iso"], Names());

        var before = Names().ToDictionary(name => name, Written);
        Done(_files.Make(_plan, Found()));
        Assert.Equal(before, Names().ToDictionary(name => name, Written));
    }

    [Fact]
    public void A_rebuilt_image_does_not_change_what_lies_under_a_VM()
    {
        _image = NewImage(ImageBoot.Kernel);
        var (first, second, name) = (InImages("vmlinuz-1"), InImages("vmlinuz-2"), InImages("vmlinuz"));
        File.Delete(name);
        File.WriteAllText(first, "first");
        File.CreateSymbolicLink(name, "vmlinuz-1");
        _image = _image with { KernelPath = name };
        Done(_files.Make(_plan, Found()));
        File.WriteAllText(second, "second");
        File.Delete(name);
        File.CreateSymbolicLink(name, "vmlinuz-2");
        Assert.Equal(first, Found().KernelPath);
        Assert.Equal(second, _files.ImageOf(_plan with { Id = Samples.OtherId }).Value!.KernelPath);
        _image = null;
        Assert.Equal(first, Found().KernelPath);
    }

    [Fact]
    public void An_image_that_is_not_there_or_not_built_is_refused_by_name()
    {
        Assert.Equal("the catalogue has no image 'tiny', or no longer as this VM was made of it", _files.ImageOf(_plan).Result.Reason);
        _image = NewImage(ImageBoot.Kernel) with { IsBuilt = false };
        Assert.Equal("the image 'sample' is not built. Build it: hydravisor image build sample", _files.ImageOf(_plan).Result.Reason);
        _image = _image with { IsBuilt = true, InitrdPath = "/nowhere/initrd.img" };
        Assert.Equal("the image 'sample' lacks a file: /nowhere/initrd.img is not there", _files.ImageOf(_plan).Result.Reason);
    }

    [Fact]
    public void Only_the_owner_reads_the_files_and_everybody_may_walk_through_the_directory()
    {
        _image = NewImage(ImageBoot.Disk) with { CloudInit = true };
        Done(_files.Make(_plan, Found()));
        Assert.All(Directory.GetFiles(Paths.Directory), file => Assert.Equal(WholeFile.Private, File.GetUnixFileMode(file)));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute,
            File.GetUnixFileMode(Paths.Directory));
    }

    [Fact]
    public void Removing_twice_is_removing_once()
    {
        _image = NewImage(ImageBoot.Kernel);
        Done(_files.Make(_plan, Found()));
        Done(_files.Remove(_plan.Id));
        Assert.False(Directory.Exists(Paths.Directory));
        Done(_files.Remove(_plan.Id));
    }

    [Fact]
    public void A_boot_marker_reads_back_and_one_that_is_torn_is_none()
    {
        Directory.CreateDirectory(Paths.Directory);
        Assert.Null(BootMarker.Read(Paths));
        File.WriteAllText(Paths.ConsoleLog, "12345");
        var marker = BootMarker.Now(Paths, 3);
        Assert.Equal(new BootMarker(3, 5, 0), marker);
        marker.Write(Paths);
        Assert.Equal(marker, BootMarker.Read(Paths));
        File.WriteAllText(Paths.BootMarker, "{\"incarn");
        Assert.Null(BootMarker.Read(Paths));
    }

    private static void Done(Outcome outcome) => Assert.True(outcome.IsDone, outcome.Reason);

    private static JsonElement Info(string disk) =>
        JsonDocument.Parse(ChildProcess.Run("qemu-img", "qemu-utils", "info", "--output=json", disk).Value!).RootElement;

    private ImageEntry Found() => _files.ImageOf(_plan).Value!;

    private IEnumerable<string> Names() =>
        Directory.GetFileSystemEntries(Paths.Directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private DateTime Written(string name) => File.GetLastWriteTimeUtc(Path.Combine(Paths.Directory, name));

    private string InImages(string name) => Path.Combine(Directory.CreateDirectory(Path.Combine(_directory.Path, "images")).FullName, name);

    private ImageEntry NewImage(ImageBoot boot)
    {
        File.WriteAllBytes(InImages("disk"), new byte[1 << 20]);
        File.WriteAllText(InImages("vmlinuz"), "");
        return new ImageEntry
        {
            Name = "sample",
            Boot = boot,
            Architecture = "x86_64",
            KernelPath = boot == ImageBoot.Kernel ? InImages("vmlinuz") : null,
            DiskPath = boot == ImageBoot.Disk ? InImages("disk") : null,
            DiskFormat = "raw",
            MinRam = ByteSize.Parse("64MB"),
            Ready = new ReadySignal(null, Agent: false),
            IsBuilt = true,
        };
    }
}
