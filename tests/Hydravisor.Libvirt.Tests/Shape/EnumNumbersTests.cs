namespace Hydravisor.Libvirt.Tests.Shape;

/// <summary>Our numbers are those of the headers of libvirt 9.0.0: the golden file holds every entry of their enums as
/// <c>enum NAME number</c>. It may grow with libvirt; a changed line would be a break of libvirt's own promise.</summary>
public sealed class EnumNumbersTests
{
    private const string Agent = "VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_";

    private static readonly (string CName, string Prefix, Type Ours)[] Enums =
    [
        ("virErrorNumber", "VIR_ERR_", typeof(LibvirtErrorCode)),
        ("virErrorDomain", "VIR_FROM_", typeof(LibvirtErrorDomain)),
        ("virConnectCloseReason", "VIR_CONNECT_CLOSE_REASON_", typeof(ConnectionCloseReason)),
        ("virDomainState", "VIR_DOMAIN_", typeof(DomainState)),
        ("virDomainRunningReason", "VIR_DOMAIN_RUNNING_", typeof(RunningReason)),
        ("virDomainPausedReason", "VIR_DOMAIN_PAUSED_", typeof(PausedReason)),
        ("virDomainShutdownReason", "VIR_DOMAIN_SHUTDOWN_", typeof(ShutdownReason)),
        ("virDomainShutoffReason", "VIR_DOMAIN_SHUTOFF_", typeof(ShutoffReason)),
        ("virDomainCrashedReason", "VIR_DOMAIN_CRASHED_", typeof(CrashedReason)),
        ("virDomainDefineFlags", "VIR_DOMAIN_DEFINE_", typeof(DomainDefineFlags)),
        ("virDomainCreateFlags", "VIR_DOMAIN_START_", typeof(DomainCreateFlags)),
        ("virDomainDestroyFlagsValues", "VIR_DOMAIN_DESTROY_", typeof(DomainDestroyFlags)),
        ("virDomainShutdownFlagValues", "VIR_DOMAIN_SHUTDOWN_", typeof(DomainShutdownFlags)),
        ("virDomainRebootFlagValues", "VIR_DOMAIN_REBOOT_", typeof(DomainRebootFlags)),
        ("virDomainUndefineFlagsValues", "VIR_DOMAIN_UNDEFINE_", typeof(DomainUndefineFlags)),
        ("virDomainMigrateFlags", "VIR_MIGRATE_", typeof(DomainMigrateFlags)),
        ("virDomainXMLFlags", "VIR_DOMAIN_XML_", typeof(DomainXmlFlags)),
        ("virDomainModificationImpact", "VIR_DOMAIN_AFFECT_", typeof(DomainAffects)),
        ("virDomainEventType", "VIR_DOMAIN_EVENT_", typeof(DomainLifecycleKind)),
        ("virDomainEventDefinedDetailType", "VIR_DOMAIN_EVENT_DEFINED_", typeof(DefinedDetail)),
        ("virDomainEventUndefinedDetailType", "VIR_DOMAIN_EVENT_UNDEFINED_", typeof(UndefinedDetail)),
        ("virDomainEventStartedDetailType", "VIR_DOMAIN_EVENT_STARTED_", typeof(StartedDetail)),
        ("virDomainEventSuspendedDetailType", "VIR_DOMAIN_EVENT_SUSPENDED_", typeof(SuspendedDetail)),
        ("virDomainEventResumedDetailType", "VIR_DOMAIN_EVENT_RESUMED_", typeof(ResumedDetail)),
        ("virDomainEventStoppedDetailType", "VIR_DOMAIN_EVENT_STOPPED_", typeof(StoppedDetail)),
        ("virDomainEventShutdownDetailType", "VIR_DOMAIN_EVENT_SHUTDOWN_", typeof(ShutdownDetail)),
        ("virDomainEventPMSuspendedDetailType", "VIR_DOMAIN_EVENT_PMSUSPENDED_", typeof(PmSuspendedDetail)),
        ("virDomainEventCrashedDetailType", "VIR_DOMAIN_EVENT_CRASHED_", typeof(CrashedDetail)),
        ("virConnectDomainEventAgentLifecycleState", Agent + "STATE_", typeof(AgentState)),
        ("virConnectDomainEventAgentLifecycleReason", Agent + "REASON_", typeof(AgentStateReason)),
    ];

    private static readonly string Golden =
        Path.Combine(AppContext.BaseDirectory, "Shape", "libvirt-9.0.0-enums.golden");

    public static TheoryData<string> Names => [.. Enums.Select(e => e.CName)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_number_of_the_header_is_ours_by_name_and_no_other(string cName)
    {
        (string _, string prefix, Type ours) = Enums.Single(e => e.CName == cName);
        bool flags = ours.IsDefined(typeof(FlagsAttribute), inherit: false);

        // Zero is called None in our flags whatever the header calls it, and some headers do not name it at all.
        HashSet<(string, int)> expected = [.. Header(cName, prefix).Where(e => !flags || e.Number != 0)];
        HashSet<(string, int)> actual = [.. Enum.GetNames(ours)
            .Select(name => (name.ToUpperInvariant(), (int)Enum.Parse(ours, name)))
            .Where(e => !flags || int.IsPow2(e.Item2))];

        Assert.NotEmpty(expected);
        Assert.Equal(expected.Order(), actual.Order());
    }

    [Fact]
    public void Every_enum_that_the_binding_shows_is_checked_and_so_is_every_enum_of_the_golden_file()
    {
        IEnumerable<Type> shown = typeof(LibvirtConnection).Assembly.GetExportedTypes().Where(type => type.IsEnum);
        IEnumerable<string> held = File.ReadLines(Golden).Select(line => line.Split(' ')[0]).Distinct();

        Assert.Equal(shown.Select(type => type.Name).Order(), Enums.Select(e => e.Ours.Name).Order());
        Assert.Equal(held.Order(), Enums.Select(e => e.CName).Order());
    }

    [Fact]
    public void Flags_name_their_zero_None()
    {
        IEnumerable<Type> flags = Enums.Select(e => e.Ours).Where(type => type.IsDefined(typeof(FlagsAttribute), inherit: false));

        Assert.All(flags, type => Assert.Equal("None", Enum.GetName(type, 0)));
    }

    private static IEnumerable<(string Name, int Number)> Header(string cName, string prefix) =>
        from line in File.ReadLines(Golden)
        let parts = line.Split(' ')
        where parts[0] == cName
        let name = parts[1].StartsWith("VIR_WAR_", StringComparison.Ordinal)
            ? "WARNING" + parts[1]["VIR_WAR_".Length..]
            : parts[1].Replace(prefix, string.Empty, StringComparison.Ordinal)
        select (name.Replace("_", string.Empty, StringComparison.Ordinal), int.Parse(parts[2], null));
}
