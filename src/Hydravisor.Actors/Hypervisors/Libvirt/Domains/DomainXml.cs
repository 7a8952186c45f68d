using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>Writes a domain's definition (libvirt.org/formatdomain.html). Pure: the same plan gives the same text.</summary>
/// <remarks>
/// No device is there that a sandbox does not need, and those that are sit on the root bus itself: each bridge in between, as libvirt
/// would put there for hot plugging, costs the guest a part of its boot. Paths come from our own layout only.
/// </remarks>
internal static class DomainXml
{
    /// <summary>The name of the guest agent's port.</summary>
    public const string AgentPort = "org.qemu.guest_agent.0";

    /// <summary>The name of the guest's log port.</summary>
    public const string LogPort = "org.hydravisor.log.0";

    private const string InstanceEntry = "opt/org.hydravisor/instance";

    /// <summary>Writes the definition.</summary>
    /// <param name="plan">The domain.</param>
    /// <param name="image">What it boots, with paths that lead to the files themselves.</param>
    /// <param name="paths">Its files.</param>
    /// <param name="settings">The node.</param>
    /// <param name="user">Who QEMU runs as, where the files are lent by us; null: libvirt sees to it.</param>
    /// <returns>The definition and its mark.</returns>
    public static (string Xml, DomainMark Mark) Write(DomainPlan plan, ImageEntry image, VmPaths paths, LibvirtSettings settings, QemuUser? user)
    {
        XElement With(DomainMark mark) => Domain(plan, image, paths, settings, mark, user);
        var mark = new DomainMark(plan.Id, plan.Node, "");
        mark = mark with { Generation = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(With(mark).ToString()))[..8]) };
        return (With(mark).ToString(), mark);
    }

    /// <summary>Writes the definition of the least domain that boots an image's kernel the way that others would: it only shows whether it
    /// boots.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="image">An image with a kernel.</param>
    /// <param name="ram">Its memory.</param>
    /// <param name="consoleLog">Where its console is written to.</param>
    /// <param name="settings">The node.</param>
    /// <param name="user">As in <see cref="Write"/>.</param>
    public static string WriteProbe(string name, ImageEntry image, ByteSize ram, string consoleLog, LibvirtSettings settings, QemuUser? user) => new XElement(
        "domain",
        new XAttribute("type", settings.VirtType),
        new XElement("name", name),
        new XElement("memory", new XAttribute("unit", "KiB"), ram.Bytes / 1024),
        new XElement("vcpu", 1),
        Boot(image),
        new XElement("features", new XElement("acpi"), new XElement("apic"), new XElement("vmport", new XAttribute("state", "off"))),
        Cpu(settings.VirtType),
        new XElement("on_reboot", "destroy"),
        new XElement("on_crash", "destroy"),
        new XElement(
            "devices",
            settings.Emulator is { } emulator ? new XElement("emulator", emulator) : null,
            new XElement("controller", new XAttribute("type", "usb"), new XAttribute("model", "none")),
            Console(consoleLog),
            new XElement("memballoon", new XAttribute("model", "none"))),
        Label(user)).ToString();

    private static XElement Domain(DomainPlan plan, ImageEntry image, VmPaths paths, LibvirtSettings settings, DomainMark mark, QemuUser? user) => new(
        "domain",
        new XAttribute("type", settings.VirtType),
        new XElement("name", DomainPlan.DomainName(plan.Id)),
        new XElement("uuid", DomainPlan.DomainUuid(plan.Id)),
        new XElement("metadata", mark.ToXml(XmlText.Safe(plan.Name))),
        new XElement("memory", new XAttribute("unit", "KiB"), (plan.RamBytes + 1023) / 1024),
        new XElement("vcpu", plan.Vcpus),
        new XElement(
            "sysinfo",
            new XAttribute("type", "fwcfg"),
            new XElement("entry", new XAttribute("name", InstanceEntry), new XAttribute("file", paths.Instance))),
        Boot(image),
        // The power button needs ACPI. A guest never sleeps: nobody would wake it.
        new XElement("features", new XElement("acpi"), new XElement("apic"), new XElement("vmport", new XAttribute("state", "off"))),
        Cpu(settings.VirtType),
        new XElement("clock", new XAttribute("offset", "utc")),
        new XElement("on_poweroff", "destroy"),
        new XElement("on_reboot", "restart"),
        new XElement("on_crash", "destroy"),
        new XElement("pm", Disabled("suspend-to-mem"), Disabled("suspend-to-disk")),
        Devices(plan, image, paths, settings, relabels: user is null),
        Label(user));

    private static XElement? Label(QemuUser? user) => user is null ? null : new XElement(
        "seclabel",
        new XAttribute("type", "static"),
        new XAttribute("model", "dac"),
        new XAttribute("relabel", "no"),
        new XElement("label", user.Label));

    private static XElement Boot(ImageEntry image)
    {
        var os = new XElement(
            "os", new XElement("type", new XAttribute("arch", image.Architecture), new XAttribute("machine", "q35"), "hvm"));
        if (image.Boot == ImageBoot.Disk)
        {
            os.Add(new XElement("boot", new XAttribute("dev", "hd")));
            return os;
        }

        os.Add(new XElement("kernel", image.KernelPath));
        if (image.InitrdPath is { } initrd)
        {
            os.Add(new XElement("initrd", initrd));
        }

        if (image.Cmdline is { } cmdline)
        {
            os.Add(new XElement("cmdline", XmlText.Safe(cmdline)));
        }

        return os;
    }

    // Emulated, all that QEMU can; with hardware's help, the processor that is there.
    private static XElement? Cpu(string virtType) => virtType switch
    {
        "kvm" => new XElement("cpu", new XAttribute("mode", "host-passthrough")),
        "qemu" => new XElement("cpu", new XAttribute("mode", "maximum")),
        _ => null,
    };

    private static XElement Devices(DomainPlan plan, ImageEntry image, VmPaths paths, LibvirtSettings settings, bool relabels)
    {
        var slot = 2;
        XElement NextSlot() => PciAddress(slot++);
        var devices = new XElement("devices");
        if (settings.Emulator is { } emulator)
        {
            devices.Add(new XElement("emulator", emulator));
        }

        if (HasDisk(plan, image))
        {
            devices.Add(Disk(paths.Disk, "qcow2", "vda", NextSlot(), readOnly: false, Backing(image, relabels)));
        }

        if (image.CloudInit)
        {
            // A disk like the other: a CD drive would need drivers that guests load late, if they have them.
            devices.Add(Disk(paths.Seed, "raw", "vdb", NextSlot(), readOnly: true, backing: null));
        }

        devices.Add(new XElement("controller", new XAttribute("type", "usb"), new XAttribute("model", "none")));
        devices.Add(new XElement("controller", new XAttribute("type", "virtio-serial"), NextSlot()));
        if (plan.Network == NetworkMode.User)
        {
            devices.Add(Network(plan, NextSlot()));
        }

        devices.Add(Console(paths.ConsoleLog));
        if (image.Agent)
        {
            devices.Add(new XElement("channel", new XAttribute("type", "unix"), VirtioPort(AgentPort)));
        }

        devices.Add(GuestLog(paths));
        devices.Add(new XElement("memballoon", new XAttribute("model", "none")));
        devices.Add(new XElement(
            "rng", new XAttribute("model", "virtio"), new XElement("backend", new XAttribute("model", "builtin")), NextSlot()));
        return devices;
    }

    /// <summary>Whether the domain has a disk at all.</summary>
    public static bool HasDisk(DomainPlan plan, ImageEntry image) => image.DiskPath is not null || plan.DiskBytes > 0;

    private static XElement Disk(string file, string format, string device, XElement address, bool readOnly, XElement? backing)
    {
        var driver = new XElement("driver", new XAttribute("name", "qemu"), new XAttribute("type", format));
        if (!readOnly)
        {
            driver.Add(new XAttribute("discard", "unmap"));
        }

        return new XElement(
            "disk",
            new XAttribute("type", "file"),
            new XAttribute("device", "disk"),
            driver,
            new XElement("source", new XAttribute("file", file)),
            backing,
            new XElement("target", new XAttribute("dev", device), new XAttribute("bus", "virtio")),
            readOnly ? new XElement("readonly") : null,
            address);
    }

    // Stated, so that libvirt believes no header for it; and the image stays its owner's, who lets everybody read it, also where libvirt
    // lends the other files (see QemuUser).
    private static XElement? Backing(ImageEntry image, bool relabels) => image.DiskPath is not { } disk ? null : new XElement(
        "backingStore",
        new XAttribute("type", "file"),
        new XElement("format", new XAttribute("type", image.DiskFormat)),
        new XElement(
            "source",
            new XAttribute("file", disk),
            relabels ? new XElement("seclabel", new XAttribute("model", "dac"), new XAttribute("relabel", "no")) : null),
        new XElement("backingStore"));

    // The MAC follows from the id, so that the guest's network card is the same in every definition. Each user-mode network is alone.
    private static XElement Network(DomainPlan plan, XElement address)
    {
        var mac = DomainPlan.DomainUuid(plan.Id).ToByteArray(bigEndian: true);
        return new XElement(
            "interface",
            new XAttribute("type", "user"),
            new XElement("mac", new XAttribute("address", string.Create(CultureInfo.InvariantCulture, $"52:54:00:{mac[0]:x2}:{mac[1]:x2}:{mac[2]:x2}"))),
            new XElement("model", new XAttribute("type", "virtio")),
            new XElement("rom", new XAttribute("enabled", "no")),
            address);
    }

    private static XElement Console(string log) => new(
        "serial",
        new XAttribute("type", "pty"),
        LogTo(log),
        new XElement("target", new XAttribute("type", "isa-serial"), new XAttribute("port", "0")));

    // The log file is the truth. The pipe is flow control: once it is full, a guest that writes to the port waits. It is no socket, since QEMU drops
    // what is just being written when a socket's peer goes.
    private static XElement GuestLog(VmPaths paths) => new(
        "channel",
        new XAttribute("type", "pipe"),
        new XElement("source", new XAttribute("path", paths.GuestLogPipe)),
        LogTo(paths.GuestLog),
        VirtioPort(LogPort));

    private static XElement LogTo(string file) => new("log", new XAttribute("file", file), new XAttribute("append", "on"));

    private static XElement VirtioPort(string name) =>
        new("target", new XAttribute("type", "virtio"), new XAttribute("name", name));

    private static XElement Disabled(string what) => new(what, new XAttribute("enabled", "no"));

    private static XElement PciAddress(int slot) => new(
        "address",
        new XAttribute("type", "pci"),
        new XAttribute("domain", "0x0000"),
        new XAttribute("bus", "0x00"),
        new XAttribute("slot", string.Create(CultureInfo.InvariantCulture, $"0x{slot:x2}")),
        new XAttribute("function", "0x0"));
}
