using Hydravisor.Libvirt.Tests.Support;

namespace Hydravisor.Libvirt.Tests.TestDriver;

public sealed class LifecycleTests : LibvirtTest
{
    private static readonly Guid Uuid = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    [Fact]
    public async Task A_whole_life_is_told_step_by_step()
    {
        LibvirtConnection connection = Open();
        EventLog<DomainLifecycleEvent> events = new();
        Own(connection.OnLifecycle(events.Add));

        LibvirtDomain domain = Own(connection.Define(TestHost.DomainXml("life", Uuid), DomainDefineFlags.None));
        DomainLifecycleEvent defined = await events.Next("define", _ => true);
        Assert.Equal(new DomainLifecycleEvent(Uuid, "life", null, DomainLifecycleKind.Defined, 0), defined);
        Assert.Equal(DefinedDetail.Added, defined.Defined);
        Assert.Null(defined.Started);

        domain.Create(DomainCreateFlags.None);
        DomainLifecycleEvent started = await events.Next("start", _ => true);
        Assert.Equal(StartedDetail.Booted, started.Started);
        Assert.Equal(domain.Id, started.Id);

        domain.Suspend();
        Assert.Equal(SuspendedDetail.Paused, (await events.Next("suspend", _ => true)).Suspended);
        domain.Resume();
        Assert.Equal(ResumedDetail.Unpaused, (await events.Next("resume", _ => true)).Resumed);
        domain.Destroy(DomainDestroyFlags.None);
        Assert.Equal(StoppedDetail.Destroyed, (await events.Next("destroy", _ => true)).Stopped);
        domain.Undefine(DomainUndefineFlags.None);
        Assert.Equal(UndefinedDetail.Removed, (await events.Next("undefine", _ => true)).Undefined);
    }

    [Fact]
    public void State_reason_and_size_follow_the_calls()
    {
        LibvirtConnection connection = Open();
        LibvirtDomain domain = Own(connection.Define(TestHost.DomainXml("state", Uuid), DomainDefineFlags.None));

        Assert.Equal("state", domain.Name);
        Assert.Equal(Uuid, domain.Uuid);
        Assert.Null(domain.Id);
        Assert.False(domain.IsActive);
        Assert.True(domain.IsPersistent);
        Assert.Equal(DomainState.Shutoff, domain.GetState().State);

        domain.Create(DomainCreateFlags.None);
        Assert.Equal(RunningReason.Booted, domain.GetState().Running);
        Assert.True(domain.IsActive);
        Assert.NotNull(domain.Id);
        DomainInfo info = domain.GetInfo();
        Assert.Equal((DomainState.Running, 65536, 65536, 1), (info.State, info.MaxMemoryKiB, info.MemoryKiB, info.Vcpus));

        domain.Suspend();
        (DomainState state, int reason) = domain.GetState();
        Assert.Equal((DomainState.Paused, (int)PausedReason.User), (state, reason));
        Assert.Equal(PausedReason.User, domain.GetState().Paused);
        domain.Resume();
        Assert.Equal(RunningReason.Unpaused, domain.GetState().Running);

        domain.Destroy(DomainDestroyFlags.None);
        Assert.Equal(ShutoffReason.Destroyed, domain.GetState().Shutoff);
        Assert.Null(domain.GetState().Running);
    }

    [Fact]
    public async Task A_guest_that_is_asked_to_shut_down_tells_so()
    {
        LibvirtConnection connection = Open();
        EventLog<DomainLifecycleEvent> events = new();
        Own(connection.OnLifecycle(events.Add));
        LibvirtDomain domain = Own(connection.Define(TestHost.DomainXml("asked", Uuid), DomainDefineFlags.None));

        domain.Create(DomainCreateFlags.None);
        domain.Shutdown(DomainShutdownFlags.None);
        Assert.Equal(StoppedDetail.Shutdown, (await events.Next("shutdown", e => e.Stopped is not null)).Stopped);
        Assert.Equal(ShutoffReason.Shutdown, domain.GetState().Shutoff);
    }

    [Fact]
    public void A_running_domain_that_is_undefined_goes_on_as_a_transient_one()
    {
        LibvirtConnection connection = Open();
        LibvirtDomain domain = Own(connection.Define(TestHost.DomainXml("transient", Uuid), DomainDefineFlags.None));
        domain.Create(DomainCreateFlags.None);

        domain.Undefine(DomainUndefineFlags.None);

        Assert.True(domain.IsActive);
        Assert.False(domain.IsPersistent);
        domain.Destroy(DomainDestroyFlags.None);
        Assert.Null(connection.FindByUuid(Uuid));
    }

    [Fact]
    public void Defining_the_same_uuid_and_name_again_replaces_the_definition()
    {
        LibvirtConnection connection = Open();
        Own(connection.Define(TestHost.DomainXml("twice", Uuid), DomainDefineFlags.None));
        LibvirtDomain again = Own(connection.Define(
            TestHost.DomainXml("twice", Uuid).Replace("65536", "131072", StringComparison.Ordinal), DomainDefineFlags.Validate));

        Assert.Contains("131072", again.GetXml(DomainXmlFlags.Inactive), StringComparison.Ordinal);
        Assert.Single(connection.ListAllDomains().Select(Own));
    }

    [Fact]
    public async Task After_a_registration_is_disposed_its_handler_hears_no_more()
    {
        LibvirtConnection connection = Open();
        EventLog<DomainLifecycleEvent> ended = new();
        EventLog<DomainLifecycleEvent> goingOn = new();
        IDisposable registration = connection.OnLifecycle(ended.Add);
        Own(connection.OnLifecycle(goingOn.Add));

        registration.Dispose();
        registration.Dispose();
        Own(connection.Define(TestHost.DomainXml("unheard", Uuid), DomainDefineFlags.None));

        await goingOn.Next("define", _ => true);
        Assert.Empty(ended.Drain());
    }

    [Fact]
    public async Task What_a_handler_throws_is_reported_and_ends_nothing()
    {
        LibvirtConnection connection = Open();
        EventLog<Exception> faults = new();
        EventLog<DomainLifecycleEvent> events = new();
        connection.HandlerFaulted += error =>
        {
            faults.Add(error);
            throw new InvalidOperationException("thrown by the one who listens for faults");
        };
        Own(connection.OnLifecycle(_ => throw new InvalidOperationException("thrown by a handler")));
        Own(connection.OnLifecycle(events.Add));

        LibvirtDomain domain = Own(connection.Define(TestHost.DomainXml("faulty", Uuid), DomainDefineFlags.None));
        Assert.Equal("thrown by a handler", (await faults.Next("fault", _ => true)).Message);
        domain.Undefine(DomainUndefineFlags.None);
        await events.Next("undefine, after the fault", e => e.Undefined is not null);
    }

    [Fact]
    public async Task Handlers_run_on_the_one_thread_of_the_event_loop()
    {
        LibvirtConnection connection = Open();
        EventLog<string?> threads = new();
        Own(connection.OnLifecycle(_ => threads.Add(Thread.CurrentThread.Name)));

        Own(connection.Define(TestHost.DomainXml("thread", Uuid), DomainDefineFlags.None));

        Assert.Equal(Native.EventLoop.ThreadName, await threads.Next("define", _ => true));
        Assert.Equal(0, Native.EventLoop.Failures);
    }

    private LibvirtConnection Open() => Own(LibvirtConnection.Open(Own(new TestHost()).Uri));
}
