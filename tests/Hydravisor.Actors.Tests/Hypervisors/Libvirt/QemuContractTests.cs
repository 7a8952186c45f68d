using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

/// <summary>The contract, on real guests.</summary>
[Collection(QemuCollection.Name)]
public sealed class QemuContractTests : MovedDiskContract
{
    private readonly QemuNode _node = new();
    private readonly QemuNode _other = new();

    private protected override IHypervisor Create() => _node.NewHypervisor();

    private protected override IHypervisor CreateOther() => _other.NewHypervisor();

    private protected override string DiskOf(bool there) => VmPaths.Of((there ? _other : _node).Settings.VmsDirectory, Plan.Id).Disk;

    private protected override DomainPlan NewPlan() => QemuNode.NewPlan();

    private protected override DomainPlan NewAgentPlan() => QemuNode.NewPlan() with
    {
        RamBytes = 512L << 20,
        Image = new ImageRef("debian-12", null, new ReadySignal(null, Agent: true)),
    };

    [Fact]
    public async Task Every_byte_that_is_typed_reaches_the_guest_as_it_is()
    {
        await BootAsync(1);
        await TypedAsync("stty raw -echo; echo g''o; dd bs=1 count=256 2>/dev/null | od -An -v -tx1 | tr -d ' \\n'; stty sane; echo\r"u8.ToArray());
        await SaidAsync("go");
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(each => (byte)each)];
        await TypedAsync(bytes);
        await SaidAsync(Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public async Task What_is_typed_into_the_next_run_goes_to_its_own_console()
    {
        await BootAsync(1);
        await TypedAsync("echo fi''rst\r"u8.ToArray());
        await SaidAsync("first");
        await BootAsync(2);
        await TypedAsync("echo sec''ond\r"u8.ToArray());
        await SaidAsync("second");
    }

    private async Task TypedAsync(byte[] bytes)
    {
        var typed = await Hypervisor.TypeAsync(Plan.Id, bytes);
        Assert.True(typed.IsDone, typed.Reason);
    }

    private Task SaidAsync(string text) => Wait.Until(
        async () => (await File.ReadAllTextAsync(Hypervisor.LogsOf(Plan.Id).Console)).Contains(text, StringComparison.Ordinal), $"the guest says {text}");

    private protected override Task CleanUpAsync()
    {
        _node.Dispose();
        _other.Dispose();
        return Task.CompletedTask;
    }
}
