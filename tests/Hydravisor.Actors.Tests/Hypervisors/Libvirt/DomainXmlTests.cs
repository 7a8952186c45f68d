using System.Xml.Linq;
using CsCheck;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

public sealed class DomainXmlTests
{
    private static readonly LibvirtSettings Node = new()
    {
        Uri = "qemu:///system",
        NodeName = Samples.Node,
        VmsDirectory = "/var/lib/hydravisor/vms",
        VirtType = "qemu",
    };

    private static readonly ImageEntry Kernel = new()
    {
        Name = "tiny",
        Boot = ImageBoot.Kernel,
        Architecture = "x86_64",
        KernelPath = "/images/tiny/vmlinuz-0",
        InitrdPath = "/images/tiny/initrd-0.img",
        Cmdline = "console=ttyS0 quiet",
        MinRam = ByteSize.Parse("80MB"),
        Ready = new ReadySignal("^ready", Agent: false),
    };

    private static readonly ImageEntry Disk = new()
    {
        Name = "debian-12",
        Boot = ImageBoot.Disk,
        Architecture = "x86_64",
        DiskPath = "/images/debian-12/disk-0.qcow2",
        MinRam = ByteSize.Parse("256MB"),
        Ready = new ReadySignal(null, Agent: true),
        Agent = true,
        CloudInit = true,
    };

    public static TheoryData<string> Approved => ["kernel", "disk", "disk-lent", "kvm"];

    [Theory]
    [MemberData(nameof(Approved))]
    public void A_definition_is_written_as_approved(string name)
    {
        var actual = Sample(name, Samples.Id) + "\n";
        var beside = Path.Combine(AppContext.BaseDirectory, $"domain-{name}.actual");
        File.WriteAllText(beside, actual);
        var approved = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Hypervisors", "Libvirt", "Golden", $"domain-{name}.golden"));
        Assert.True(approved == actual, $"The definition differs from domain-{name}.golden; what came out is in {beside}.");
    }

    [Fact]
    public void Text_of_others_stays_text() =>
        Gen.Select(Gen.String, Gen.String).Sample((name, cmdline) =>
        {
            var (xml, mark) = Write(Samples.Plan() with { Name = name }, Kernel with { Cmdline = cmdline }, Node);
            var domain = XElement.Parse(xml, LoadOptions.PreserveWhitespace);
            var element = domain.Element("metadata")!.Elements().Single();
            Assert.Equal(XmlText.Safe(name), element.Attribute("name")!.Value);
            Assert.Equal(mark, DomainMark.Parse(element.ToString()));
            Assert.Equal(XmlText.Safe(cmdline).ReplaceLineEndings("\n"), domain.Element("os")!.Element("cmdline")!.Value.ReplaceLineEndings("\n"));
            Assert.Equal(DomainPlan.DomainName(Samples.Id), domain.Elements("name").Single().Value);
        });

    [Fact]
    public void What_XML_can_hold_is_left_as_it_is()
    {
        const string Text = "<a b=\"c\" d='e'>&amp;äöü 🐍</a>\t";
        Assert.Equal(Text, XmlText.Safe(Text));
        Assert.Equal("a\uFFFDb\uFFFDc\uFFFD", XmlText.Safe("a\0b\u001Bc\uD800"));
    }

    [Fact]
    public void The_mark_changes_with_the_definition_and_only_then()
    {
        var plan = Samples.Plan();
        var generation = Write(plan, Kernel, Node).Mark.Generation;
        Assert.Equal(generation, Write(plan with { Model = "other:model" }, Kernel, Node).Mark.Generation);
        string[] others =
        [
            Write(plan with { Vcpus = 3 }, Kernel, Node).Mark.Generation,
            Write(plan, Kernel with { KernelPath = "/images/tiny/vmlinuz-1" }, Node).Mark.Generation,
            Write(plan, Kernel, Node with { VirtType = "kvm" }).Mark.Generation,
        ];
        Assert.Equal(4, others.Append(generation).Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("no XML")]
    [InlineData("<domain/>")]
    [InlineData("<domain instance='vm-0123456789ab'/>")]
    [InlineData("<domain instance='vm-0123456789ab' node=''/>")]
    [InlineData("<domain instance='something' node='n'/>")]
    [InlineData("<other instance='vm-0123456789ab' node='n'/>")]
    [InlineData("<!DOCTYPE d [<!ENTITY n 'n'>]><domain instance='vm-0123456789ab' node='&n;'/>")]
    public void What_is_no_whole_mark_is_none(string xml) => Assert.Null(DomainMark.Parse(xml));

    internal static string Sample(string name, InstanceId id) => name switch
    {
        "kernel" => Write(Samples.Plan(id) with { DiskBytes = 0 }, Kernel, Node).Xml,
        "disk" => Write(Samples.Plan(id) with { Name = "\"<ünïcode>&'", Network = NetworkMode.User }, Disk, Node).Xml,
        "disk-lent" => Write(Samples.Plan(id), Disk, Node, new QemuUser(64055, 64056)).Xml,
        _ => Write(Samples.Plan(id), Kernel, Node with { VirtType = "kvm", Emulator = "/usr/bin/qemu-system-x86_64" }).Xml,
    };

    private static (string Xml, DomainMark Mark) Write(DomainPlan plan, ImageEntry image, LibvirtSettings settings, QemuUser? user = null) =>
        DomainXml.Write(plan, image, VmPaths.Of(settings.VmsDirectory, plan.Id), settings, user);
}
