using Hydravisor.Actors.Hypervisors.Libvirt.Domains;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

public sealed class QemuUserTests
{
    [Fact]
    public void It_is_the_base_label_of_the_file_permissions_driver()
    {
        var user = QemuUser.Of(Capabilities("<baselabel type='kvm'>+7:+8</baselabel><baselabel type='qemu'>+64055:+107</baselabel>"), "qemu");
        Assert.Equal(new QemuUser(64055, 107), user);
        Assert.Equal("+64055:+107", user!.Label);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<baselabel type='kvm'>+64055:+107</baselabel>")]
    [InlineData("<baselabel type='qemu'>+0:+0</baselabel>")]
    [InlineData("<baselabel type='qemu'>+4294967296:+1</baselabel>")]
    [InlineData("<baselabel type='qemu'>libvirt-qemu:kvm</baselabel>")]
    [InlineData("<baselabel type='qemu'></baselabel>")]
    public void Where_libvirt_names_no_user_or_root_there_is_none(string labels) => Assert.Null(QemuUser.Of(Capabilities(labels), "qemu"));

    [Fact]
    public void A_libvirt_without_that_driver_names_none() => Assert.Null(QemuUser.Of("<capabilities><host/></capabilities>", "qemu"));

    private static string Capabilities(string labels) =>
        $"<capabilities><host><secmodel><model>apparmor</model><baselabel type='qemu'>+5:+5</baselabel></secmodel><secmodel><model>dac</model><doi>0</doi>{labels}</secmodel></host></capabilities>";
}
