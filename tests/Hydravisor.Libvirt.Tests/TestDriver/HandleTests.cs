using Hydravisor.Libvirt.Native;
using Hydravisor.Libvirt.Tests.Support;

namespace Hydravisor.Libvirt.Tests.TestDriver;

public sealed class HandleTests : LibvirtTest
{
    [Fact]
    public void Live_counts_connections_and_domains_and_callbacks_and_falls_as_they_are_disposed()
    {
        LiveHandles none = LibvirtHandles.Live;
        LibvirtConnection connection = LibvirtConnection.Open("test:///default");
        LiveHandles open = LibvirtHandles.Live;
        IDisposable registration = connection.OnLifecycle(_ => { });
        LibvirtDomain domain = Assert.IsType<LibvirtDomain>(connection.FindByName("test"));

        Assert.Equal(none.Connections + 1, open.Connections);
        Assert.Equal(open with { Domains = open.Domains + 1, Callbacks = open.Callbacks + 1 }, LibvirtHandles.Live);

        domain.Dispose();
        domain.Dispose();
        registration.Dispose();
        Assert.Equal(open.Domains, LibvirtHandles.Live.Domains);
        connection.Dispose();
        Assert.Equal(none, LibvirtHandles.Live);
    }

    [Fact]
    public void What_finds_nothing_or_fails_leaves_nothing_behind()
    {
        LibvirtConnection connection = Own(LibvirtConnection.Open("test:///default"));
        LiveHandles before = LibvirtHandles.Live;

        Assert.Null(connection.FindByName("no-such-domain"));
        Assert.Null(connection.FindByUuid(Guid.NewGuid()));
        Assert.Throws<LibvirtException>(() => connection.Define("<nonsense/>", DomainDefineFlags.None));
        Assert.Throws<LibvirtException>(() => LibvirtConnection.Open("nothing:///system"));

        Assert.Equal(before, LibvirtHandles.Live);
    }

    [Fact]
    public void A_connection_that_had_handlers_is_truly_closed_by_its_dispose()
    {
        int before = ConnectionHandle.ClosedWhileReferenced;
        LibvirtConnection connection = LibvirtConnection.Open("test:///default");
        connection.OnLifecycle(_ => { });
        connection.OnReboot(_ => { });
        connection.OnAgentLifecycle(_ => { });
        connection.Dispose();

        Assert.Equal(before, ConnectionHandle.ClosedWhileReferenced);
    }

    [Fact]
    public void A_domain_keeps_the_native_connection_open_and_goes_on_working()
    {
        int before = ConnectionHandle.ClosedWhileReferenced;
        LibvirtConnection connection = LibvirtConnection.Open(Own(new TestHost()).Uri);
        LibvirtDomain domain = Own(connection.Define(TestHost.DomainXml("kept", Guid.NewGuid()), DomainDefineFlags.None));
        connection.Dispose();

        Assert.Equal(before + 1, ConnectionHandle.ClosedWhileReferenced);
        Assert.Equal(DomainState.Shutoff, domain.GetState().State);
    }

    [Fact]
    public void A_disposed_domain_answers_no_call()
    {
        LibvirtConnection connection = Own(LibvirtConnection.Open("test:///default"));
        LibvirtDomain domain = Assert.IsType<LibvirtDomain>(connection.FindByName("test"));
        domain.Dispose();

        Assert.Throws<ObjectDisposedException>(() => domain.GetState());
        Assert.Equal("test", domain.Name);
    }

    [Fact]
    public void A_forgotten_domain_is_freed_by_its_finaliser()
    {
        LibvirtConnection connection = Own(LibvirtConnection.Open("test:///default"));
        int before = LibvirtHandles.Live.Domains;
        Forget(connection);
        Assert.Equal(before + 1, LibvirtHandles.Live.Domains);

        bool freed = SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return LibvirtHandles.Live.Domains == before;
            },
            Limits.Patience);

        Assert.True(freed, "The finaliser did not free the domain.");
    }

    [Fact]
    public async Task Calls_from_many_threads_each_get_their_own_error()
    {
        LibvirtConnection connection = Own(LibvirtConnection.Open(Own(new TestHost()).Uri));
        LibvirtDomain off = Own(connection.Define(TestHost.DomainXml("off", Guid.NewGuid()), DomainDefineFlags.None));

        await Parallel.ForEachAsync(Enumerable.Range(0, 2_000), (i, _) =>
        {
            if (i % 2 == 0)
            {
                Assert.True(Assert.Throws<LibvirtException>(() => off.Destroy(DomainDestroyFlags.None)).IsInvalidState);
            }
            else
            {
                LibvirtException error =
                    Assert.Throws<LibvirtException>(() => connection.Define("<nonsense/>", DomainDefineFlags.None));
                Assert.Equal("virDomainDefineXMLFlags", error.Operation);
                Assert.Equal(LibvirtErrorCode.XmlError, error.Code);
            }

            return ValueTask.CompletedTask;
        });
    }

    // In a method of its own, so that no register of the caller keeps it alive.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Forget(LibvirtConnection connection) => Assert.NotNull(connection.FindByName("test"));
}
