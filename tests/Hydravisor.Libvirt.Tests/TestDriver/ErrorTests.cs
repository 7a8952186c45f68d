using Hydravisor.Libvirt.Tests.Support;

namespace Hydravisor.Libvirt.Tests.TestDriver;

public sealed class ErrorTests : LibvirtTest
{
    [Fact]
    public void Destroying_or_resetting_what_is_off_does_not_fit_the_state()
    {
        LibvirtDomain domain = Own(Open().Define(TestHost.DomainXml("state", Guid.NewGuid()), DomainDefineFlags.None));

        LibvirtException destroy = Assert.Throws<LibvirtException>(() => domain.Destroy(DomainDestroyFlags.None));
        LibvirtException reset = Assert.Throws<LibvirtException>(() => domain.Reset());

        Assert.All([destroy, reset], error => Assert.True(error.IsInvalidState));
        Assert.All([destroy, reset], error => Assert.False(error.IsConnectionLost || error.IsNotFound || error.IsTimeout));
        Assert.Equal("virDomainDestroyFlags", destroy.Operation);
        Assert.Equal("virDomainReset", reset.Operation);
    }

    [Fact]
    public void A_reference_to_a_domain_that_is_gone_answers_not_found()
    {
        LibvirtDomain domain = Own(Open().Define(TestHost.DomainXml("gone", Guid.NewGuid()), DomainDefineFlags.None));
        domain.Undefine(DomainUndefineFlags.None);

        LibvirtException error = Assert.Throws<LibvirtException>(() => domain.GetState());

        Assert.True(error.IsNotFound);
        Assert.Equal((LibvirtErrorCode.NoDomain, LibvirtErrorDomain.Test), (error.Code, error.Domain));
        Assert.Contains("gone", error.LibvirtMessage, StringComparison.Ordinal);
        Assert.Contains("NoDomain", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Text1);
    }

    [Theory]
    [InlineData("not xml", LibvirtErrorCode.XmlDetail)]
    [InlineData("<nonsense/>", LibvirtErrorCode.XmlError)]
    [InlineData("<domain type='test'/>", LibvirtErrorCode.NoName)]
    public void A_definition_that_is_not_one_is_refused_with_its_code(string xml, LibvirtErrorCode code)
    {
        LibvirtException error = Assert.Throws<LibvirtException>(() => Open().Define(xml, DomainDefineFlags.None));

        Assert.Equal(code, error.Code);
    }

    [Fact]
    public void A_name_that_another_uuid_has_is_refused()
    {
        LibvirtConnection connection = Open();
        Own(connection.Define(TestHost.DomainXml("taken", Guid.NewGuid()), DomainDefineFlags.None));

        LibvirtException error = Assert.Throws<LibvirtException>(
            () => connection.Define(TestHost.DomainXml("taken", Guid.NewGuid()), DomainDefineFlags.None));

        Assert.Equal(LibvirtErrorCode.OperationFailed, error.Code);
    }

    [Fact]
    public void The_schema_refuses_what_the_parser_would_let_pass()
    {
        LibvirtConnection connection = Open();
        string twoNames = TestHost.DomainXml("one", Guid.NewGuid())
            .Replace("</name>", "</name><name>two</name>", StringComparison.Ordinal);

        LibvirtException error = Assert.Throws<LibvirtException>(() => connection.Define(twoNames, DomainDefineFlags.Validate));

        Assert.Equal(LibvirtErrorCode.XmlInvalidSchema, error.Code);
    }

    [Fact]
    public void What_the_test_driver_lacks_is_unsupported_and_no_agent_is_not_a_missing_feature_of_others()
    {
        LibvirtDomain domain = Own(Open().Define(TestHost.DomainXml("agent", Guid.NewGuid()), DomainDefineFlags.None));
        domain.Create(DomainCreateFlags.None);

        LibvirtException error = Assert.Throws<LibvirtException>(() => domain.AgentCommand("{\"execute\":\"guest-ping\"}", 1));

        Assert.Equal(LibvirtErrorCode.NoSupport, error.Code);
        Assert.True(error.IsUnsupported);
        Assert.False(error.IsAgentUnavailable);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-2)]
    public void An_agent_command_never_waits_for_ever(int seconds)
    {
        LibvirtDomain domain = Own(Open().Define(TestHost.DomainXml("ever", Guid.NewGuid()), DomainDefineFlags.None));

        Assert.Throws<ArgumentOutOfRangeException>(() => domain.AgentCommand("{}", seconds));
    }

    [Fact]
    public void No_daemon_at_the_socket_is_a_lost_connection()
    {
        string socket = Path.Combine(Path.GetTempPath(), $"hydravisor-no-daemon-{Guid.NewGuid():N}.sock");

        LibvirtException error =
            Assert.Throws<LibvirtException>(() => LibvirtConnection.Open($"test+unix:///default?socket={socket}"));

        Assert.True(error.IsConnectionLost);
        Assert.Equal((LibvirtErrorCode.SystemError, LibvirtErrorDomain.Rpc), (error.Code, error.Domain));
    }

    [Fact]
    public void No_such_driver_is_not_a_lost_connection()
    {
        LibvirtException error = Assert.Throws<LibvirtException>(() => LibvirtConnection.Open("nothing:///system"));

        Assert.False(error.IsConnectionLost);
    }

    [Fact]
    public void Errors_are_never_printed_to_stderr()
    {
        LibvirtConnection connection = Open();
        LibvirtDomain domain = Own(connection.Define(TestHost.DomainXml("quiet", Guid.NewGuid()), DomainDefineFlags.None));

        string printed = StandardError.Capture(() =>
        {
            Assert.Null(connection.FindByName("no-such-domain"));
            Assert.Throws<LibvirtException>(() => domain.Destroy(DomainDestroyFlags.None));
            Assert.Throws<LibvirtException>(() => LibvirtConnection.Open("nothing:///system"));
        });

        Assert.Equal(string.Empty, printed);
    }

    private LibvirtConnection Open() => Own(LibvirtConnection.Open(Own(new TestHost()).Uri));
}
