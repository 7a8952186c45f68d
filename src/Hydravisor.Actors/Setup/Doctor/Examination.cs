using System.Net;
using System.Net.Sockets;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt.Acceleration;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Setup.Doctor;

/// <summary>Looks at all that a node needs of its machine. Changes nothing; may be run beside a node that serves.</summary>
internal sealed class Examination(NodeSettings settings, Func<ImageCatalogue> catalogue)
{
    private const long DiskWarnBytes = 5L << 30;
    private const int SocketPathMax = 107;
    private const string KvmRemedy = "chgrp kvm /dev/kvm && chmod 660 /dev/kvm, then start libvirtd again";

    /// <summary>The device of KVM; only tests look at another.</summary>
    public string KvmDevice { get; init; } = AccelerationFacts.Device;

    /// <summary>All findings, in the order in which to mend them.</summary>
    public IEnumerable<Finding> Examine() =>
        [Libvirt(), Kvm(), Acceleration(), Tmux(), Program("qemu-img", "qemu-utils"), Program("xorriso", "xorriso"), .. Images(), Data(), Agents(), Disk(), .. Ports(), NullDevice()];

    private Finding Libvirt()
    {
        const string What = "libvirt";
        try
        {
            using var connection = LibvirtConnection.Open(settings.LibvirtUri);
            var info = connection.GetNodeInfo();
            return Finding.Ok(What, $"{settings.LibvirtUri} answers; {info.Cpus} processors, {new ByteSize(info.MemoryKiB << 10 >> 30 << 30)} of memory");
        }
        catch (DllNotFoundException e)
        {
            return new Finding(What, Severity.Error, e.Message, "apt-get install --no-install-recommends libvirt-daemon-system");
        }
        catch (LibvirtException e)
        {
            return new Finding(
                What, Severity.Error, $"{settings.LibvirtUri} does not answer: {e.LibvirtMessage}",
                settings.LibvirtUri.EndsWith("/session", StringComparison.Ordinal)
                    ? "its daemon starts with the first client and needs XDG_RUNTIME_DIR, which a login sets: log in as this user"
                    : Environment.IsPrivilegedProcess
                    ? "start it: systemctl start libvirtd, or without systemd: virtlogd -d; libvirtd -d"
                    : "start it (systemctl start libvirtd), and join its group: sudo usermod -aG libvirt $USER, then log in again");
        }
    }

    // libvirt asks QEMU as root and checks as QEMU's user: a device that only root opens makes it ask anew at every start of a domain.
    private Finding Kvm()
    {
        const string What = "/dev/kvm";
        if (!File.Exists(KvmDevice))
        {
            return Finding.Ok(What, "is not there: guests run in software (TCG)");
        }

        var mode = File.GetUnixFileMode(KvmDevice);
        var open = UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        return (mode & open) == open
            ? Finding.Ok(What, $"is there with mode {Convert.ToString((int)mode, 8)}; whether a guest boots on it is another question, see acceleration")
            : new Finding(
                What, Severity.Warning,
                $"has mode {Convert.ToString((int)mode, 8)}: QEMU's user cannot open it, and libvirt looks at QEMU anew at every start of a domain (56 s instead of 0.3 s)",
                KvmRemedy);
    }

    private Finding Acceleration()
    {
        const string What = "acceleration";
        var probe = new AccelerationProbe(settings.Accel, settings.LibvirtUri, settings.DataDirectory, _ => null, TimeProvider.System);
        return probe.Known(qemu: 0) is { } known
            ? Finding.Ok(What, $"{known.Word}: {known.Reason}")
            : Finding.Ok(What, "is not known yet: the node boots a small guest at its first start and remembers; what libvirt says of /dev/kvm is not believed");
    }

    private static Finding Tmux()
    {
        var version = ChildProcess.Run("tmux", "tmux", "-V");
        return !version.IsDone
            ? new Finding("tmux", Severity.Error, version.Result.Reason, "apt-get install --no-install-recommends tmux")
            : Finding.Ok("tmux", version.Value!.Trim());
    }

    private static Finding Program(string name, string package) =>
        ChildProcess.Find(name) is { } path
            ? Finding.Ok(name, path)
            : new Finding(name, Severity.Error, "is not installed", $"apt-get install --no-install-recommends {package}");

    private IEnumerable<Finding> Images()
    {
        ImageCatalogue images;
        try
        {
            images = catalogue();
        }
        catch (ImageCatalogueException e)
        {
            return [new Finding("images", Severity.Error, e.Message)];
        }

        return images.All.Select(image => image.IsBuilt
            ? Finding.Ok($"image {image.Name}", "is there")
            : new Finding($"image {image.Name}", Severity.Warning, $"is not built in {settings.ImagesDirectory}", image.Recipe is null ? null : $"hydravisor image build {image.Name}"));
    }

    private Finding Data()
    {
        const string What = "data directory";
        var socket = Path.Combine(settings.DataDirectory, "run", "vm-000000000000.sock");
        if (socket.Length > SocketPathMax)
        {
            return new Finding(What, Severity.Error, $"{settings.DataDirectory} is too long for sockets in it ({socket.Length} bytes, {SocketPathMax} may be)", "set HYDRAVISOR_DATA to a shorter path");
        }

        var closed = Ancestors(settings.DataDirectory).FirstOrDefault(directory => Directory.Exists(directory) && (File.GetUnixFileMode(directory) & UnixFileMode.OtherExecute) == 0);
        return closed is null || !settings.LibvirtUri.EndsWith("/system", StringComparison.Ordinal)
            ? Finding.Ok(What, settings.DataDirectory)
            : new Finding(What, Severity.Error, $"QEMU's user cannot walk through {closed}", $"chmod o+x {closed}, or set HYDRAVISOR_DATA to another directory");
    }

    /// <summary>Where the agents are.</summary>
    internal Finding Agents()
    {
        const string What = "agents";
        return NodeAccess.LeftBehind(settings, TimeProvider.System) is { } left
            ? new Finding(What, Severity.Warning, left, $"hydravisor agent migrate --data {settings.DataDirectory}")
            : Finding.Ok(What, settings.Journal is { } journal ? $"are in {journal}, with those of all its nodes" : $"are in {Path.Combine(settings.DataDirectory, AgentFile.Name)}");
    }

    private Finding Disk()
    {
        const string What = "disk";
        var drive = new DriveInfo(Ancestors(settings.DataDirectory).First(Directory.Exists));
        var free = $"{drive.AvailableFreeSpace >> 20}MB free of {drive.TotalSize >> 20}MB at {drive.Name}";
        return drive.AvailableFreeSpace < settings.Host.DiskFreeMinBytes
            ? new Finding(What, Severity.Error, free + ": no VM will be taken", "free some, or set hydravisor.host.disk-free-min")
            : drive.AvailableFreeSpace < DiskWarnBytes ? new Finding(What, Severity.Warning, free) : Finding.Ok(What, free);
    }

    private IEnumerable<Finding> Ports() =>
        new (string What, IPEndPoint? Listen, string Variable)[]
        {
            ("port", settings.Gateway.Listen, "HYDRAVISOR_LISTEN"),
            ("health port", settings.HealthListen, "HYDRAVISOR_HEALTH_LISTEN"),
            ("cluster port", settings.Cluster?.Listen, "HYDRAVISOR_CLUSTER_LISTEN"),
        }
        .Where(port => port.Listen is not null)
        .Select(port => Port(port.What, port.Listen!, port.Variable));

    private Finding Port(string what, IPEndPoint listen, string variable)
    {
        try
        {
            using var listener = new TcpListener(listen);
            listener.Start();
            return Finding.Ok(what, $"{listen} is free");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return File.Exists(Path.Combine(settings.DataDirectory, "node.pid"))
                ? Finding.Ok(what, $"{listen} is taken, as it should be: a node serves on this data directory")
                : new Finding(what, Severity.Error, $"{listen} is taken by another program", $"set {variable} to another address and port");
        }
        catch (SocketException e)
        {
            return new Finding(what, Severity.Error, $"{listen} cannot be listened on: {e.Message}", $"set {variable} to an address of this machine");
        }
    }

    // A domain whose console was /dev/null has been seen to leave a file there.
    private static Finding NullDevice() =>
        File.GetAttributes("/dev/null").HasFlag(FileAttributes.Device) || new FileInfo("/dev/null").Length == 0 && !File.ReadLines("/dev/null").Any()
            ? Finding.Ok("/dev/null", "is a device")
            : new Finding("/dev/null", Severity.Error, "is a file", "rm /dev/null && mknod -m 666 /dev/null c 1 3");

    private static IEnumerable<string> Ancestors(string path)
    {
        for (var directory = path; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            yield return directory;
        }
    }
}
