using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>The files of one VM. All of them, and no others, are in its directory.</summary>
/// <param name="Directory">The directory; absolute.</param>
internal sealed record VmPaths(string Directory)
{
    /// <summary>Its disk: an overlay above the image's, or a disk of its own.</summary>
    public string Disk => In("disk.qcow2");

    /// <summary>The NoCloud seed.</summary>
    public string Seed => In("seed.iso");

    /// <summary>What the guest is told of itself: the fw_cfg entry.</summary>
    public string Instance => In("instance.json");

    /// <summary>The image as it was when the VM was made.</summary>
    public string Image => In("image.json");

    /// <summary>Which boot this is, and where in the logs it begins.</summary>
    public string BootMarker => In("boot.json");

    /// <summary>The serial console, written by libvirt's log daemon.</summary>
    public string ConsoleLog => In("console.log");

    /// <summary>The guest's log port, written by libvirt's log daemon.</summary>
    public string GuestLog => In("log.0");

    /// <summary>The host's end of the guest's log port, as QEMU names it: it opens one named pipe for each way.</summary>
    public string GuestLogPipe => In("log.pipe");

    /// <summary>What the guest writes.</summary>
    public string GuestLogPipeOut => GuestLogPipe + ".out";

    /// <summary>What the guest would read: nobody writes there.</summary>
    public string GuestLogPipeIn => GuestLogPipe + ".in";

    /// <summary>The files of an instance.</summary>
    /// <param name="vmsDirectory">Where the VMs' directories are.</param>
    /// <param name="id">The instance: its form admits nothing that leads elsewhere.</param>
    public static VmPaths Of(string vmsDirectory, InstanceId id) => new(Path.Combine(vmsDirectory, id.Value));

    private string In(string name) => Path.Combine(Directory, name);
}
