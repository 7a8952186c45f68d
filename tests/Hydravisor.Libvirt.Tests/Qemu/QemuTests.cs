using Hydravisor.Libvirt.Tests.Support;

namespace Hydravisor.Libvirt.Tests.Qemu;

public sealed class QemuTests : LibvirtTest
{
    private const string AgentChannel =
        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>";

    [Fact]
    public async Task A_real_machine_lives_and_each_step_is_told_with_its_detail()
    {
        (LibvirtConnection connection, EventLog<DomainLifecycleEvent> events) = Open();
        QemuDomain machine = Own(new QemuDomain(connection));
        LibvirtDomain domain = machine.Domain;
        Assert.Equal(DefinedDetail.Added, (await Next(events, machine, DomainLifecycleKind.Defined)).Defined);

        machine.Start();
        DomainLifecycleEvent started = await Next(events, machine, DomainLifecycleKind.Started);
        Assert.Equal(StartedDetail.Booted, started.Started);
        Assert.Equal(machine.Name, started.Name);
        Assert.NotNull(started.Id);
        Assert.Equal(started.Id, domain.Id);
        Assert.Equal(RunningReason.Booted, domain.GetState().Running);
        DomainInfo info = domain.GetInfo();
        Assert.Equal((64 * 1024, 1), (info.MaxMemoryKiB, info.Vcpus));
        Assert.InRange(info.CpuTimeNanoseconds, 1, long.MaxValue);
        Assert.True(Assert.Throws<LibvirtException>(machine.Start).IsInvalidState);

        domain.Suspend();
        Assert.Equal(SuspendedDetail.Paused, (await Next(events, machine, DomainLifecycleKind.Suspended)).Suspended);
        Assert.Equal(PausedReason.User, domain.GetState().Paused);
        domain.Resume();
        Assert.Equal(ResumedDetail.Unpaused, (await Next(events, machine, DomainLifecycleKind.Resumed)).Resumed);
        Assert.Equal(RunningReason.Unpaused, domain.GetState().Running);

        domain.Destroy(DomainDestroyFlags.None);
        Assert.Equal(StoppedDetail.Destroyed, (await Next(events, machine, DomainLifecycleKind.Stopped)).Stopped);
        Assert.Equal(ShutoffReason.Destroyed, domain.GetState().Shutoff);
        Assert.Null(Own(Assert.IsType<LibvirtDomain>(connection.FindByUuid(machine.Uuid))).Id);

        domain.Undefine(DomainUndefineFlags.Everything);
        Assert.Equal(UndefinedDetail.Removed, (await Next(events, machine, DomainLifecycleKind.Undefined)).Undefined);
        Assert.Null(connection.FindByName(machine.Name));
    }

    [Fact]
    public async Task A_killed_machine_stops_with_the_detail_failed()
    {
        (LibvirtConnection connection, EventLog<DomainLifecycleEvent> events) = Open();
        QemuDomain machine = Own(new QemuDomain(connection));
        machine.Start();
        await Next(events, machine, DomainLifecycleKind.Started);

        machine.KillProcess();

        Assert.Equal(StoppedDetail.Failed, (await Next(events, machine, DomainLifecycleKind.Stopped)).Stopped);
        Assert.False(machine.Domain.IsActive);
        Assert.True(machine.Domain.IsPersistent);
        Assert.Equal(DomainState.Shutoff, machine.Domain.GetState().State);
    }

    [Fact]
    public async Task A_reset_machine_tells_that_it_rebooted()
    {
        (LibvirtConnection connection, _) = Open();
        EventLog<DomainEvent> reboots = new();
        Own(connection.OnReboot(reboots.Add));
        QemuDomain machine = Own(new QemuDomain(connection));
        machine.Start();

        machine.Domain.Reset();

        DomainEvent reboot = await reboots.Next("reset", e => e.Uuid == machine.Uuid);
        Assert.Equal((machine.Name, machine.Domain.Id), (reboot.Name, reboot.Id));
    }

    [Fact]
    public void An_agent_command_without_an_agent_channel_is_agent_unavailable()
    {
        (LibvirtConnection connection, _) = Open();
        QemuDomain machine = Own(new QemuDomain(connection));
        Assert.True(Ping(machine).IsInvalidState);
        machine.Start();

        LibvirtException error = Ping(machine);

        Assert.True(error.IsAgentUnavailable);
        Assert.False(error.IsUnsupported);
        Assert.Equal(LibvirtErrorCode.ArgumentUnsupported, error.Code);
    }

    [Fact]
    public void An_agent_command_to_a_channel_without_an_agent_is_agent_unavailable()
    {
        (LibvirtConnection connection, _) = Open();
        EventLog<AgentLifecycleEvent> agents = new();
        Own(connection.OnAgentLifecycle(agents.Add));
        QemuDomain machine = Own(new QemuDomain(connection, AgentChannel));
        machine.Start();

        LibvirtException error = Ping(machine);

        Assert.True(error.IsAgentUnavailable);
        Assert.Equal(LibvirtErrorCode.AgentUnresponsive, error.Code);
        Assert.DoesNotContain(agents.Drain(), e => e.Uuid == machine.Uuid && e.State == AgentState.Connected);
    }

    [Fact]
    public void The_host_tells_its_size_versions_and_capabilities()
    {
        (LibvirtConnection connection, _) = Open();

        NodeInfo node = connection.GetNodeInfo();
        Assert.Equal(Environment.ProcessorCount, node.Cpus);
        Assert.InRange(node.MemoryKiB, 256 * 1024, long.MaxValue);
        Assert.InRange(connection.HypervisorVersion, 5_000_000, 99_000_000);
        Assert.Contains("<guest>", connection.GetCapabilities(), StringComparison.Ordinal);
        string caps = connection.GetDomainCapabilities(null, "x86_64", "q35", "qemu");
        Assert.Contains("<domain>qemu</domain>", caps, StringComparison.Ordinal);
        Assert.True(connection.IsAlive);
    }

    [Fact]
    public void Listing_holds_our_domain_among_those_of_others()
    {
        (LibvirtConnection connection, _) = Open();
        QemuDomain machine = Own(new QemuDomain(connection));

        IEnumerable<LibvirtDomain> all = connection.ListAllDomains().Select(Own).ToList();

        Assert.Single(all, domain => domain.Uuid == machine.Uuid && domain.Name == machine.Name);
    }

    private static LibvirtException Ping(QemuDomain machine) =>
        Assert.Throws<LibvirtException>(() => machine.Domain.AgentCommand("{\"execute\":\"guest-ping\"}", 2));

    private static Task<DomainLifecycleEvent> Next(
        EventLog<DomainLifecycleEvent> events, QemuDomain machine, DomainLifecycleKind kind) =>
        events.Next(kind.ToString(), e => e.Uuid == machine.Uuid && e.Kind == kind);

    private (LibvirtConnection Connection, EventLog<DomainLifecycleEvent> Events) Open()
    {
        LibvirtConnection connection = Own(LibvirtConnection.Open(QemuDomain.Uri));
        EventLog<DomainLifecycleEvent> events = new();
        Own(connection.OnLifecycle(events.Add));
        return (connection, events);
    }
}
