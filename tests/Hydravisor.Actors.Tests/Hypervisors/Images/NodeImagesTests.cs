using Hydravisor.Actors.Hypervisors.Images;

namespace Hydravisor.Actors.Tests.Hypervisors.Images;

public sealed class NodeImagesTests : IDisposable
{
    private readonly ImagesDirectory _images = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _images.Dispose();

    [Fact]
    public void An_image_that_is_not_built_is_not_offered_until_it_is()
    {
        var images = Load();
        Assert.Null(images.Find("tiny"));
        Assert.Empty(images.Names);

        _images.Write("tiny/vmlinuz", "kernel");
        _images.Write("tiny/initrd.img", "initrd");

        Assert.Equal(["tiny"], images.Names);
        Assert.Equal((80L << 20, 0L), (images.Find("tiny")!.RamMinBytes, images.Find("tiny")!.DiskBytes));
    }

    [Fact]
    public async Task An_image_that_was_imported_is_there_without_a_restart()
    {
        var images = Load();
        Assert.Null(images.Find("ubuntu-22.04"));

        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        await _images.Import().ImportAsync(ImagesDirectory.Request(disk), null, CancellationToken.None);

        var offer = images.Find("ubuntu-22.04");
        Assert.NotNull(offer);
        Assert.Equal((ImagesDirectory.Sha256(disk), 1L << 20, 512L << 20), (offer.Ref.Sha256, offer.DiskBytes, offer.RamMinBytes));
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task A_list_that_becomes_unreadable_leaves_the_images_known_before()
    {
        var disk = _images.Disk("disk.qcow2", "-f", "qcow2");
        await _images.Import().ImportAsync(ImagesDirectory.Request(disk), null, CancellationToken.None);
        var images = Load();

        _images.Write("imported.conf", "hydravisor.images.catalogue {\n \"ubuntu-22.04\" {\n boot = never\n }\n}");

        Assert.NotNull(images.Find("ubuntu-22.04"));
        Assert.NotNull(images.Find("ubuntu-22.04"));
        var warning = Assert.Single(_warnings);
        Assert.Contains("boot = \"never\"", warning, StringComparison.Ordinal);
    }

    private NodeImages Load() => new(ImagesDirectory.Config(), _images.Path, _warnings.Add);
}
