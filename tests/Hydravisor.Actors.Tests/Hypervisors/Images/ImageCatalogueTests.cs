using Akka.Configuration;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Hypervisors.Images;

public sealed class ImageCatalogueTests : IDisposable
{
    private const string OldDigest = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string NewDigest = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    private readonly ImagesDirectory _images = new();

    public void Dispose() => _images.Dispose();

    [Fact]
    public void The_shipped_catalogue_has_tiny_and_debian_12()
    {
        var shipped = ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "images.conf")));
        var catalogue = ImageCatalogue.Load(shipped.GetConfig("hydravisor.images"), "/images");

        Assert.Equal(["debian-12", "tiny"], catalogue.All.Select(entry => entry.Name));
        Assert.True(catalogue.TryGet("tiny", out var tiny));
        Assert.Equal((ImageBoot.Kernel, "/images/tiny/vmlinuz", "/images/tiny/initrd.img"), (tiny.Boot, tiny.KernelPath, tiny.InitrdPath));
        Assert.Contains("console=ttyS0", tiny.Cmdline, StringComparison.Ordinal);
        Assert.Null(tiny.DiskPath);
        Assert.Matches(tiny.Ready.ConsolePattern!, "hydravisor: ready vm-0123456789ab");
        Assert.Equal((false, false, false, "tiny"), (tiny.Agent, tiny.CloudInit, tiny.IsBuilt, tiny.Recipe));
        Assert.True(catalogue.TryGet("debian-12", out var debian));
        Assert.Equal((ImageBoot.Disk, "/images/debian-12/disk.qcow2", "qcow2"), (debian.Boot, debian.DiskPath, debian.DiskFormat));
        Assert.Equal(new ReadySignal(null, Agent: true), debian.Ready);
        Assert.Equal((true, true, "debian-12"), (debian.Agent, debian.CloudInit, debian.Recipe));
    }

    [Theory]
    [InlineData("boot = kernle", "boot = \"kernle\"", "kernel or disk")]
    [InlineData("disk = a", "boot is missing", "kernel or disk")]
    [InlineData("boot = kernel", "kernel is missing", "the path of a file")]
    [InlineData("boot = disk", "disk is missing", "the path of a file")]
    [InlineData("boot = disk\ndisk = \"/etc/shadow\"\nformat = raw", "disk = \"/etc/shadow\"", "below hydravisor.images.directory")]
    [InlineData("boot = disk\ndisk = \"../../etc/shadow\"\nformat = raw", "disk = \"../../etc/shadow\"", "below hydravisor.images.directory")]
    [InlineData("boot = disk\ndisk = a", "format is missing", "qcow2 or raw")]
    [InlineData("boot = disk\ndisk = a\nformat = vmdk", "format = \"vmdk\"", "qcow2 or raw")]
    [InlineData("boot = disk\ndisk = a\nformat = raw\nkernel = b", "kernel = \"b\"", "left out")]
    [InlineData("boot = kernel\nkernel = a\narchitecture = vax\nmin-ram = 1GB", "architecture = \"vax\"", "x86_64")]
    [InlineData("boot = kernel\nkernel = a", "min-ram is missing", "such as 256MB")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 4XB", "min-ram = \"4XB\"", "such as 256MB")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 0MB", "min-ram = \"0MB\"", "a size over 0")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB", "ready is missing", "console")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB\nready = on", "ready = \"on\"", "an object")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB\nready { }", "ready", "console")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB\nready { console = \"(\" }", "ready.console = \"(\"", "regular expression")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB\nready { console = \"(a)\\\\1\" }", "ready.console", "back-references")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB\nready { agent = on }", "ready.agent = \"on\"", "agent = off")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB\nready { prompt = x }", "ready.prompt", "console or agent")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB\nready { console = x }\nagent = perhaps", "agent = \"perhaps\"", "on or off")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB\nready { console = x }\nsha256 = 00", "sha256 = \"00\"", "64 hexadecimal digits")]
    [InlineData("boot = kernel\nkernel = a\nmin-ram = 1GB\nready { console = x }\nkernal = a", "key \"kernal\"", "kernel, initrd")]
    [InlineData("boot { a = b }", "boot is not usable", "a text or a word")]
    public void A_bad_entry_is_named_with_its_key_what_is_wrong_and_what_is_right(string entry, string wrong, string right)
    {
        var error = Assert.Throws<ImageCatalogueException>(() => Load($"catalogue {{\n broken {{\n{entry}\n}}\n}}"));

        Assert.Contains("\"broken\"", error.Message, StringComparison.Ordinal);
        Assert.Contains(wrong, error.Message, StringComparison.Ordinal);
        Assert.Contains(right, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Tiny")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a234567890123456789012345678901234567890x")]
    public void A_name_that_is_no_name_is_refused(string name)
    {
        var error = Assert.Throws<ImageCatalogueException>(() => Load($"catalogue {{\n \"{name}\" {{\n boot = disk\n }}\n}}"));

        Assert.Contains("cannot be the name of an image", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_that_is_a_word_is_refused()
    {
        var error = Assert.Throws<ImageCatalogueException>(() => Load("catalogue {\n tiny = on\n}"));

        Assert.Contains("must be an object", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_above_changes_single_keys_of_an_entry()
    {
        var above = ImagesDirectory.Config("catalogue {\n tiny {\n min-ram = 1GB\n }\n}").WithFallback(ImagesDirectory.Config());

        Assert.True(ImageCatalogue.Load(above, _images.Path).TryGet("tiny", out var tiny));
        Assert.Equal(ByteSize.Parse("1GB"), tiny.MinRam);
        Assert.Equal("console=ttyS0", tiny.Cmdline);
    }

    [Fact]
    public void An_image_is_built_when_all_its_files_are_there_and_links_are_followed()
    {
        var catalogue = Load(ImagesDirectory.Catalogue);
        Assert.True(catalogue.TryGet("tiny", out var before));
        Assert.False(before.IsBuilt);

        var kernel = _images.Write($"tiny/vmlinuz-{NewDigest[..12]}", "kernel");
        File.CreateSymbolicLink(Path.Combine(_images.Path, "tiny/vmlinuz"), Path.GetFileName(kernel));
        Assert.True(catalogue.TryGet("tiny", out var half));
        Assert.False(half.IsBuilt);

        _images.Write("tiny/initrd.img", "initrd");
        _images.Write("tiny/SHA256SUMS", $"{OldDigest}  initrd.img\n{NewDigest}  vmlinuz\n");
        Assert.True(catalogue.TryGet("tiny", out var after));
        Assert.True(after.IsBuilt);
        Assert.Equal((kernel, NewDigest), (after.KernelPath, after.Sha256));
    }

    [Fact]
    public void A_vm_keeps_the_disk_that_it_was_made_of_when_its_image_is_built_anew()
    {
        const string Disk =
            """
            catalogue {
              debian {
                boot = disk
                disk = "debian/disk.qcow2"
                format = qcow2
                min-ram = 1GB
                ready { console = x }
              }
            }
            """;
        var then = _images.Write($"debian/disk-{OldDigest[..12]}.qcow2", "then");
        var now = _images.Write($"debian/disk-{NewDigest[..12]}.qcow2", "now");
        File.CreateSymbolicLink(Path.Combine(_images.Path, "debian/disk.qcow2"), Path.GetFileName(now));
        _images.Write("debian/SHA256SUMS", $"{NewDigest}  disk.qcow2\n");
        var catalogue = Load(Disk);
        ImageRef Made(string? digest) => new("debian", digest, new ReadySignal("x", Agent: false));

        Assert.True(catalogue.TryGetFor(Made(NewDigest), out var current));
        Assert.Equal(now, current.DiskPath);
        Assert.True(catalogue.TryGetFor(Made(OldDigest), out var former));
        Assert.Equal((then, OldDigest), (former.DiskPath, former.Sha256));
        Assert.False(catalogue.TryGetFor(Made(new string('c', 64)), out _));
        Assert.True(catalogue.TryGetFor(Made(null), out _));
    }

    [Fact]
    public void An_imported_image_with_a_name_of_the_configuration_is_an_error()
    {
        _images.Write("imported.conf", "hydravisor.images {\n" + ImagesDirectory.Catalogue + "\n}");

        var error = Assert.Throws<ImageCatalogueException>(() => Load(ImagesDirectory.Catalogue));

        Assert.Contains("imported.conf: image \"tiny\" stands in the configuration too", error.Message, StringComparison.Ordinal);
    }

    private ImageCatalogue Load(string hocon) => ImageCatalogue.Load(ImagesDirectory.Config(hocon), _images.Path);
}
