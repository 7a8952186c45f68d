using System.Security.Cryptography;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

/// <summary>Tests with real guests come one after another: the machine's processors are few, and time limits are not for measuring them.</summary>
[CollectionDefinition(Name)]
public sealed class QemuCollection
{
    public const string Name = "real guests";
}

/// <summary>A node of a test's own on the machine's libvirt: its own directory and its own domains.</summary>
internal sealed class QemuNode : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public QemuNode()
    {
        // QEMU's user must be able to walk there.
        const UnixFileMode Passable =
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(_directory.Path, Passable);
        Directory.CreateDirectory(Settings.VmsDirectory, Passable);
    }

    public static string Uri => Environment.IsPrivilegedProcess ? "qemu:///system" : "qemu:///session";

    public LibvirtSettings Settings => new()
    {
        Uri = Uri,
        NodeName = Samples.Node,
        VmsDirectory = Path.Combine(_directory.Path, "vms"),
        VirtType = "qemu",
    };

    public static DomainPlan NewPlan() => Samples.Plan(InstanceId.FromBytes(RandomNumberGenerator.GetBytes(6))) with
    {
        Vcpus = 1,
        RamBytes = 128L << 20,
        DiskBytes = 0,
    };

    public LibvirtHypervisor NewHypervisor() => new(Settings, GuestImages.Find, TimeProvider.System);

    public void Dispose() => _directory.Dispose();
}
