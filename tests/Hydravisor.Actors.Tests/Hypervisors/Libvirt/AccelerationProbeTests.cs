using System.Text.Json;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt.Acceleration;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;
using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

[Collection(QemuCollection.Name)]
public sealed class AccelerationProbeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose()
    {
        _directory.Dispose();
        using var connection = LibvirtConnection.Open(QemuNode.Uri);
        using var left = connection.FindByName($"hydravisor-probe-{Environment.ProcessId}");
        Assert.Null(left);
    }

    [Theory]
    [InlineData("kvm", true)]
    [InlineData("tcg", false)]
    public async Task What_an_operator_says_is_not_questioned(string configured, bool kvm)
    {
        var acceleration = await NewProbe(configured, "test:///nothing", _ => null).DecideAsync();
        Assert.Equal((kvm, AccelerationBasis.Configured), (acceleration.Kvm, acceleration.Basis));
        Assert.Equal(configured, acceleration.Word);
    }

    [Fact]
    public async Task A_guest_that_boots_is_believed_and_remembered_and_leaves_nothing_behind()
    {
        var probe = NewBootingProbe(Wait.Limit);
        var first = await probe.DecideAsync();
        Assert.Equal((true, AccelerationBasis.Booted), (first.Kvm, first.Basis));
        Assert.StartsWith("a guest booted with qemu in", first.Reason, StringComparison.Ordinal);
        Assert.Equal([probe.File], Directory.GetFileSystemEntries(_directory.Path));

        var second = await NewProbe("auto", QemuNode.Uri, _ => throw new InvalidOperationException("It boots nothing again.")).DecideAsync();

        Assert.Equal(first with { Basis = AccelerationBasis.Remembered }, second);
    }

    [Fact]
    public async Task A_guest_that_does_not_boot_in_time_is_not_believed()
    {
        var probe = NewBootingProbe(TimeSpan.FromMilliseconds(100));
        var acceleration = await probe.DecideAsync();
        Assert.Equal((false, AccelerationBasis.Booted), (acceleration.Kvm, acceleration.Basis));
        Assert.Contains("did not boot within", acceleration.Reason, StringComparison.Ordinal);
        Assert.Equal([probe.File], Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task A_guest_that_cannot_be_started_is_not_believed()
    {
        var probe = NewBootingProbe(Wait.Limit, GuestImages.Tiny with { Architecture = "m68k" });
        var acceleration = await probe.DecideAsync();
        Assert.Equal((false, AccelerationBasis.Booted), (acceleration.Kvm, acceleration.Basis));
        Assert.StartsWith("a guest cannot be started with qemu: ", acceleration.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_image_nothing_is_known_and_nothing_is_remembered()
    {
        var probe = NewProbe("auto", QemuNode.Uri, _ => GuestImages.Tiny with { IsBuilt = false });
        var acceleration = await probe.DecideAsync();
        Assert.Equal((false, AccelerationBasis.NotKnown), (acceleration.Kvm, acceleration.Basis));
        Assert.Contains("hydravisor image build tiny", acceleration.Reason, StringComparison.Ordinal);
        probe = NewBootingProbe(Wait.Limit, GuestImages.Tiny with { KernelPath = "/nowhere/vmlinuz" });
        Assert.Equal(AccelerationBasis.NotKnown, (await probe.DecideAsync()).Basis);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task A_verdict_on_other_facts_does_not_hold_and_without_libvirt_one_on_the_same_does()
    {
        var probe = NewProbe("auto", "test+unix:///default?socket=/nowhere/socket", _ => null);
        var facts = AccelerationFacts.Of(qemu: 7_002_000);
        Remember(probe.File, facts with { Kernel = "0.1" });
        Assert.Equal(AccelerationBasis.NotKnown, (await probe.DecideAsync()).Basis);
        Remember(probe.File, facts);
        Assert.Equal(AccelerationBasis.Remembered, (await probe.DecideAsync()).Basis);
        Assert.NotNull(probe.Known(7_002_000));
        Assert.Null(probe.Known(8_000_000));
    }

    [Fact]
    public void A_file_that_is_torn_remembers_nothing()
    {
        var probe = NewProbe("auto", QemuNode.Uri, _ => null);
        File.WriteAllText(probe.File, "{\"kvm\":tr");
        Assert.Null(probe.Known(0));
    }

    private static void Remember(string file, AccelerationFacts facts) => File.WriteAllBytes(
        file, JsonSerializer.SerializeToUtf8Bytes(new RememberedAcceleration(true, "seen", Samples.Noon, facts), VmFilesJson.Default.RememberedAcceleration));

    private AccelerationProbe NewProbe(string configured, string uri, Func<string, ImageEntry?> images) =>
        new(configured, uri, _directory.Path, images, TimeProvider.System) { LooksAtDevice = false };

    // Emulated guests boot on every machine: what the probe makes of a boot does not depend on the type.
    private AccelerationProbe NewBootingProbe(TimeSpan limit, ImageEntry? image = null) =>
        new("auto", QemuNode.Uri, _directory.Path, _ => image ?? GuestImages.Tiny, TimeProvider.System) { BootLimit = limit, LooksAtDevice = false, VirtType = "qemu" };
}
