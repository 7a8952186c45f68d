using System.Xml.Linq;
using Hydravisor.Libvirt.Tests.Support;

namespace Hydravisor.Libvirt.Tests.TestDriver;

public sealed class MetadataTests : LibvirtTest
{
    private const string Namespace = "https://example.org/libvirt-test/1";

    [Fact]
    public void Metadata_in_the_definition_is_read_back_by_its_namespace()
    {
        LibvirtDomain domain = Define($"<t:mark xmlns:t='{Namespace}' owner='größe &amp; co'/>");

        XElement mark = XElement.Parse(Assert.IsType<string>(domain.GetMetadata(Namespace, DomainAffects.Config)));
        Assert.Equal("größe & co", mark.Attribute("owner")?.Value);
        // libvirt takes the namespace off on the way out; the one that was asked for is meant.
        Assert.Equal("mark", mark.Name);
    }

    [Fact]
    public void Metadata_that_is_not_there_is_null_and_no_error()
    {
        LibvirtDomain domain = Define(string.Empty);

        Assert.Null(domain.GetMetadata(Namespace, DomainAffects.None));
    }

    [Fact]
    public void Metadata_is_set_replaced_and_removed()
    {
        LibvirtDomain domain = Define(string.Empty);
        domain.Create(DomainCreateFlags.None);
        DomainAffects both = DomainAffects.Live | DomainAffects.Config;

        domain.SetMetadata("<mark generation='1'/>", "t", Namespace, both);
        domain.SetMetadata("<mark generation='2'/>", "t", Namespace, both);
        Assert.Contains("generation=\"2\"", domain.GetMetadata(Namespace, DomainAffects.Live), StringComparison.Ordinal);
        Assert.Contains("generation=\"2\"", domain.GetMetadata(Namespace, DomainAffects.Config), StringComparison.Ordinal);
        Assert.Contains(Namespace, domain.GetXml(DomainXmlFlags.Inactive), StringComparison.Ordinal);

        domain.SetMetadata(null, "t", Namespace, both);
        Assert.Null(domain.GetMetadata(Namespace, DomainAffects.Live));
        Assert.Null(domain.GetMetadata(Namespace, DomainAffects.Config));
    }

    [Fact]
    public void Metadata_of_a_domain_that_is_gone_is_an_error_and_not_null()
    {
        LibvirtDomain domain = Define(string.Empty);
        domain.Undefine(DomainUndefineFlags.None);

        LibvirtException error = Assert.Throws<LibvirtException>(() => domain.GetMetadata(Namespace, DomainAffects.None));
        Assert.True(error.IsNotFound);
    }

    private LibvirtDomain Define(string metadata)
    {
        LibvirtConnection connection = Own(LibvirtConnection.Open(Own(new TestHost()).Uri));
        return Own(connection.Define(TestHost.DomainXml("marked", Guid.NewGuid(), metadata), DomainDefineFlags.None));
    }
}
