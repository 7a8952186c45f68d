using System.Security.Cryptography;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>The founding document's examples on a real guest, whose image was taken in as an operator would take in any cloud image.</summary>
public sealed class FoundingDocumentTests(ITestOutputHelper output) : QemuTest(output)
{
    private readonly TestDirectory _directory = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task The_examples_work_with_an_imported_cloud_image()
    {
        var disk = Path.Combine(_directory.Path, "jammy-server-cloudimg-amd64.qcow2");
        await Run.CheckedAsync("qemu-img", "convert", "-f", "qcow2", "-O", "qcow2", "-c", "-o", "compression_type=zstd", Path.Combine(Images, "debian-12", "disk.qcow2"), disk);
        var images = Path.Combine(_directory.Path, "images");
        var refused = await ImportAsync(images, disk, new string('0', 64));
        Assert.NotEqual(0, refused.Code);
        Assert.Contains("sha256", refused.Error, StringComparison.Ordinal);

        string digest;
        await using (var file = File.OpenRead(disk))
        {
            digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
        }

        var imported = await ImportAsync(images, disk, digest);
        Assert.True(imported.Code == 0, imported.Error);
        File.Delete(disk);

        var node = await StartRealNodeAsync(images);
        await using var connection = await node.ConnectAsync();
        await MustHaveLeftNothingAsync(node, await FoundingDocument.WalkAsync(connection));
    }

    private static Task<Ran> ImportAsync(string images, string disk, string digest) => Run.AnyAsync(
        "env", $"HYDRAVISOR_IMAGES={images}", "dotnet", Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"),
        "image", "import", "ubuntu-22.04", "--from", disk, "--sha256", digest);
}
