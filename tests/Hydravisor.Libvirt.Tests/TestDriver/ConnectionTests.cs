using CsCheck;
using Hydravisor.Libvirt.Tests.Support;

namespace Hydravisor.Libvirt.Tests.TestDriver;

public sealed class ConnectionTests : LibvirtTest
{
    [Fact]
    public void The_default_host_opens_and_lists_its_one_domain()
    {
        LibvirtConnection connection = Own(LibvirtConnection.Open("test:///default"));

        Assert.True(connection.IsAlive);
        Assert.Equal("test:///default", connection.Uri);
        IReadOnlyList<LibvirtDomain> domains = connection.ListAllDomains();
        foreach (LibvirtDomain domain in domains)
        {
            Own(domain);
        }

        LibvirtDomain only = Assert.Single(domains);
        Assert.Equal("test", only.Name);
        Assert.Equal(Guid.Parse("6695eb01-f6a4-8304-79aa-97f2502e193f"), only.Uuid);
        Assert.Equal(1, only.Id);
    }

    [Fact]
    public void A_file_host_is_private_to_its_connection()
    {
        TestHost host = Own(new TestHost());
        LibvirtConnection one = Own(LibvirtConnection.Open(host.Uri));
        LibvirtConnection other = Own(LibvirtConnection.Open(host.Uri));

        Guid uuid = Guid.NewGuid();
        Own(one.Define(TestHost.DomainXml("private", uuid), DomainDefineFlags.None));

        Assert.Equal(uuid, Own(Assert.IsType<LibvirtDomain>(one.FindByName("private"))).Uuid);
        Assert.Null(other.FindByName("private"));
        Assert.Null(other.FindByUuid(uuid));
        Assert.Empty(other.ListAllDomains());
    }

    [Fact]
    public void Any_uuid_is_found_by_itself_and_by_its_name()
    {
        LibvirtConnection connection = Own(LibvirtConnection.Open(Own(new TestHost()).Uri));

        // libvirt refuses a UUID of one digit only.
        Gen.Guid.Where(uuid => uuid.ToString("N").Distinct().Count() > 1).Sample(
            uuid =>
            {
                string name = $"any-{uuid:N}";
                using LibvirtDomain defined = connection.Define(TestHost.DomainXml(name, uuid), DomainDefineFlags.None);
                using LibvirtDomain? byUuid = connection.FindByUuid(uuid);
                using LibvirtDomain? byName = connection.FindByName(name);
                defined.Undefine(DomainUndefineFlags.None);
                return (defined.Uuid, byUuid?.Name, byName?.Uuid) == (uuid, name, uuid)
                    && connection.FindByUuid(uuid) is null;
            },
            iter: 200,
            threads: 1);
    }

    [Fact]
    public void The_node_the_versions_and_the_capabilities_are_told()
    {
        LibvirtConnection connection = Own(LibvirtConnection.Open("test:///default"));

        NodeInfo node = connection.GetNodeInfo();
        Assert.Equal("i686", node.Model);
        Assert.Equal(3 * 1024 * 1024, node.MemoryKiB);
        Assert.Equal(16, node.Cpus);
        Assert.Equal(1400, node.Mhz);
        Assert.Equal(16, node.NumaNodes * node.SocketsPerNode * node.CoresPerSocket * node.ThreadsPerCore);
        Assert.InRange(LibvirtConnection.LibraryVersion, 9_000_000, 99_000_000);
        Assert.Equal(2, connection.HypervisorVersion);
        Assert.StartsWith("<capabilities>", connection.GetCapabilities(), StringComparison.Ordinal);
        LibvirtException error =
            Assert.Throws<LibvirtException>(() => connection.GetDomainCapabilities(null, null, null, null));
        Assert.True(error.IsUnsupported);
    }

    [Fact]
    public void A_disposed_connection_is_not_alive_and_answers_no_call()
    {
        LibvirtConnection connection = LibvirtConnection.Open("test:///default");
        connection.Dispose();
        connection.Dispose();

        Assert.False(connection.IsAlive);
        Assert.Throws<ObjectDisposedException>(() => connection.ListAllDomains());
        Assert.Throws<ObjectDisposedException>(() => connection.OnReboot(_ => { }));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void An_empty_uri_is_refused_since_libvirt_would_guess(string uri) =>
        Assert.Throws<ArgumentException>(() => LibvirtConnection.Open(uri));

    [Fact]
    public void A_missing_native_library_says_what_to_install()
    {
        DllNotFoundException error =
            Assert.Throws<DllNotFoundException>(() => Native.LibvirtLibrary.Require("libvirt-that-is-not-there.so.0"));

        Assert.Contains("libvirt-that-is-not-there.so.0", error.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install libvirt-daemon-system", error.Message, StringComparison.Ordinal);
    }
}
