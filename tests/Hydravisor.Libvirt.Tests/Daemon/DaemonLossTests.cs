using Hydravisor.Libvirt.Native;
using Hydravisor.Libvirt.Tests.Support;

namespace Hydravisor.Libvirt.Tests.Daemon;

public sealed class DaemonLossTests : LibvirtTest
{
    [Fact]
    public async Task A_killed_daemon_closes_the_connection_and_a_new_one_opens_after_its_return()
    {
        PrivateDaemon daemon = Own(new PrivateDaemon());
        int keptOpen = ConnectionHandle.ClosedWhileReferenced;
        LibvirtConnection connection = Own(LibvirtConnection.Open(daemon.Uri));
        EventLog<ConnectionCloseReason> closes = new();
        connection.Closed += closes.Add;
        Own(connection.OnLifecycle(_ => { }));
        LibvirtDomain domain = Own(Assert.IsType<LibvirtDomain>(connection.FindByName("test")));
        Assert.True(connection.IsAlive);

        daemon.Kill();

        Assert.Equal(ConnectionCloseReason.Eof, await closes.Next("kill -9 of the daemon", _ => true));
        Assert.False(connection.IsAlive);
        Assert.All(
            new Action[]
            {
                () => connection.ListAllDomains(),
                () => connection.FindByName("test"),
                () => connection.GetNodeInfo(),
                () => connection.OnReboot(_ => { }),
                () => domain.GetState(),
                () => domain.Destroy(DomainDestroyFlags.None),
            },
            call => Assert.True(Assert.Throws<LibvirtException>(call).IsConnectionLost));
        Assert.True(Assert.Throws<LibvirtException>(() => LibvirtConnection.Open(daemon.Uri)).IsConnectionLost);

        daemon.Start();
        LibvirtConnection again = Own(LibvirtConnection.Open(daemon.Uri));
        Assert.Equal(domain.Uuid, Own(Assert.IsType<LibvirtDomain>(again.FindByName("test"))).Uuid);
        Assert.False(connection.IsAlive);

        domain.Dispose();
        connection.Dispose();
        Assert.Equal(keptOpen, ConnectionHandle.ClosedWhileReferenced);
    }

    [Fact]
    public async Task A_call_under_way_when_the_daemon_is_killed_fails_as_a_lost_connection()
    {
        PrivateDaemon daemon = Own(new PrivateDaemon());
        LibvirtConnection connection = Own(LibvirtConnection.Open(daemon.Uri));
        LibvirtDomain domain = Own(Assert.IsType<LibvirtDomain>(connection.FindByName("test")));
        TaskCompletionSource calling = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<LibvirtException> lost = Task.Factory.StartNew(
            () =>
            {
                return Assert.Throws<LibvirtException>((Action)(() =>
                {
                    while (true)
                    {
                        domain.GetState();
                        calling.TrySetResult();
                    }
                }));
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        await calling.Task.WaitAsync(Limits.Patience);

        daemon.Kill();

        Assert.True((await lost.WaitAsync(Limits.Patience)).IsConnectionLost);
    }

    [Fact]
    public async Task A_close_handler_that_throws_is_reported_and_the_next_one_is_called()
    {
        PrivateDaemon daemon = Own(new PrivateDaemon());
        LibvirtConnection connection = Own(LibvirtConnection.Open(daemon.Uri));
        EventLog<ConnectionCloseReason> closes = new();
        EventLog<Exception> faults = new();
        connection.HandlerFaulted += faults.Add;
        connection.Closed += _ => throw new InvalidOperationException("thrown by a close handler");
        connection.Closed += closes.Add;

        daemon.Kill();

        Assert.Equal(ConnectionCloseReason.Eof, await closes.Next("kill -9 of the daemon", _ => true));
        Assert.Equal("thrown by a close handler", (await faults.Next("fault", _ => true)).Message);
    }

    [Fact]
    public async Task Events_cross_the_socket_and_each_connection_has_its_own()
    {
        PrivateDaemon daemon = Own(new PrivateDaemon());
        LibvirtConnection acting = Own(LibvirtConnection.Open(daemon.Uri));
        LibvirtConnection watching = Own(LibvirtConnection.Open(daemon.Uri));
        EventLog<DomainLifecycleEvent> events = new();
        Own(watching.OnLifecycle(events.Add));
        LibvirtDomain domain = Own(Assert.IsType<LibvirtDomain>(acting.FindByName("test")));

        domain.Suspend();

        DomainLifecycleEvent suspended = await events.Next("suspend", _ => true);
        Assert.Equal((domain.Uuid, domain.Name, SuspendedDetail.Paused), (suspended.Uuid, suspended.Name, suspended.Suspended));
    }

    [Fact]
    public void Disposing_a_connection_is_no_close_to_be_told()
    {
        PrivateDaemon daemon = Own(new PrivateDaemon());
        LibvirtConnection connection = LibvirtConnection.Open(daemon.Uri);
        EventLog<ConnectionCloseReason> closes = new();
        connection.Closed += closes.Add;

        connection.Dispose();

        Assert.False(connection.IsAlive);
        Assert.Empty(closes.Drain());
    }
}
