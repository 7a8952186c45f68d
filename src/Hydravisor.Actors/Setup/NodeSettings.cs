using System.Net;
using Akka.Configuration;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Gateway;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Sessions;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Setup;

/// <summary>What an operator sets, read and checked. Immutable.</summary>
internal sealed record NodeSettings(
    string DataDirectory,
    string NodeName,
    IReadOnlyDictionary<string, string> NodeLabels,
    JournalAddress? Journal,
    TimeSpan JournalClaimTimeout,
    ClusterSettings? Cluster,
    string Hypervisor,
    string Accel,
    string LibvirtUri,
    TimeSpan ReconnectMin,
    TimeSpan ReconnectMax,
    string ImagesDirectory,
    string SimulatedDirectory,
    TimeSpan SimulatedBootTime,
    TimeSpan SimulatedShutdownTime,
    TimeSpan SimulatedCallTimeMax,
    GatewaySettings Gateway,
    IPEndPoint? HealthListen,
    SessionSettings Session,
    VmSettings Vm,
    HostSettings Host,
    Policy Policy,
    LogsSettings Logs,
    RecordingSettings Recordings,
    AuditSettings Audit,
    LogSettings Log)
{
    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingException">One of them cannot be used.</exception>
    public static NodeSettings Read(Config config)
    {
        var root = new SettingsReader(config.GetConfig("hydravisor"), "hydravisor");
        var data = Path.GetFullPath(root.Text("data"));
        var (libvirt, simulated, images) = (root.In("libvirt"), root.In("simulated"), root.In("images"));
        var (gateway, cluster) = (ReadGateway(root.In("gateway")), ClusterReader.Read(root.In("cluster"), sharesJournal: root.In("journal").Text("postgresql").Length > 0));
        return new NodeSettings(
            data,
            root.In("node").Text("name"),
            ReadLabels(config),
            ReadJournal(root.In("journal").Text("postgresql")),
            root.In("journal").Time("claim-timeout"),
            cluster,
            root.OneOf("hypervisor", "libvirt", "simulated"),
            root.OneOf("accel", "auto", "kvm", "tcg"),
            Or(libvirt.Text("uri"), Environment.IsPrivilegedProcess ? "qemu:///system" : "qemu:///session"),
            libvirt.Time("reconnect-min"),
            libvirt.Time("reconnect-max"),
            Path.GetFullPath(Or(images.Text("directory"), Path.Combine(data, "images"))),
            Path.GetFullPath(Or(simulated.Text("directory"), Path.Combine(data, "simulated"))),
            simulated.Time("boot-time"),
            simulated.Time("shutdown-time"),
            simulated.Time("call-time-max"),
            gateway,
            ReadHealth(root.In("health"), gateway.Listen, cluster?.Listen),
            ReadSession(root.In("session")),
            ReadVm(root.In("vm")),
            ReadHost(root.In("host")),
            PolicyReader.Read(config),
            ReadLogs(root.In("logs")),
            ReadRecordings(root.In("recordings")),
            ReadAudit(root.In("audit")),
            new LogSettings(
                root.In("log").OneOf("level", "verbose", "debug", "information", "warning", "error"),
                root.In("log").Size("file-max"),
                root.In("log").Number("files-kept", 1, 10_000)));
    }

    private static Dictionary<string, string> ReadLabels(Config config)
    {
        var group = GroupReader.Of(config.GetValue(OwnSettings.NodeLabels), OwnSettings.NodeLabels);
        var labels = group.Keys.ToDictionary(key => key, key => group.Word(key) ?? "", StringComparer.Ordinal);
        return Label.Check(labels) is { } wrong ? throw new SettingException($"{OwnSettings.NodeLabels}: {wrong}") : labels;
    }

    private static JournalAddress.Database? ReadJournal(string text)
    {
        try
        {
            return text.Length == 0 ? null : PostgresUri.Parse(text);
        }
        catch (FormatException e)
        {
            throw new SettingException($"hydravisor.journal.postgresql: {e.Message}");
        }
    }

    private static GatewaySettings ReadGateway(SettingsReader gateway) => new(
        gateway.EndPoint("listen"),
        gateway.SmallSize("line-max"),
        gateway.Time("line-time-max"),
        gateway.Number("connections-max", 1, 1_000_000),
        gateway.Number("connections-per-address-max", 1, 1_000_000),
        gateway.Time("stall-max"),
        gateway.Time("drain-timeout"),
        TlsReader.Read(gateway.In("tls")));

    private static IPEndPoint? ReadHealth(SettingsReader health, params IPEndPoint?[] taken)
    {
        var listen = health.Text("listen").Length == 0 ? null : health.EndPoint("listen");
        return listen is not { Port: > 0 } || !taken.Contains(listen)
            ? listen
            : throw new SettingException($"hydravisor.health.listen = \"{listen}\" is not usable: the node listens there for something else (hydravisor.gateway.listen, hydravisor.cluster.listen); give it a port of its own");
    }

    private static SessionSettings ReadSession(SettingsReader session) => new(
        session.Number("in-flight-max", 1, 1_000_000),
        session.SmallSize("outbound-max"),
        session.SmallSize("outbound-chunk"),
        session.Number("followed-max", 1, 1_000_000),
        session.Number("feeds-max", 1, 1_000_000),
        session.Number("denials-max", 1, 1_000_000),
        session.Time("request-timeout"),
        session.Time("heartbeat-interval"),
        session.Number("heartbeats-unanswered-max", 1, 1000),
        session.Time("drain-timeout"),
        session.Time("linger"));

    private static VmSettings ReadVm(SettingsReader vm) => new(
        vm.Time("boot-timeout"), vm.Time("stop-grace"), vm.Time("reboot-grace"), vm.Time("ask-again"), vm.Time("retry-delay"), vm.Number("snapshot-every", 2, 100_000));

    private static HostSettings ReadHost(SettingsReader host) => new(
        host.Ratio("vcpu-overcommit"),
        host.Ratio("ram-overcommit"),
        host.Ratio("disk-overcommit"),
        host.Size("ram-reserved"),
        host.Size("disk-free-min"),
        host.Number("vcpus-max", 1, 4096),
        host.Size("ram-max"),
        host.Size("disk-max"),
        host.Number("vms-max", 1, 1_000_000),
        host.Size("ram-default"),
        host.Time("restart-min"),
        host.Time("restart-max"),
        host.Time("retired-kept"));

    private static AuditSettings ReadAudit(SettingsReader audit)
    {
        var checkpoints = audit.In("checkpoints");
        return new AuditSettings(
            audit.Size("reserve"), new CheckpointSettings(checkpoints.Number("every-events", 1, 5000), checkpoints.Time("every-time"), ReadWitness(checkpoints)));
    }

    private static string ReadWitness(SettingsReader checkpoints)
    {
        try
        {
            var witness = checkpoints.Text("witness");
            Witnesses.Open(witness)?.Dispose();
            return witness;
        }
        catch (FormatException e)
        {
            throw new SettingException($"hydravisor.audit.checkpoints.witness: {e.Message}");
        }
    }

    private static LogsSettings ReadLogs(SettingsReader logs)
    {
        var shipped = new LogsSettings();
        var read = shipped with
        {
            SegmentBytes = logs.SmallSize("segment"),
            BytesMax = logs.Size("size-max"),
            AgeMax = logs.Time("age-max"),
            LineBytesMax = logs.SmallSize("line-max"),
            BehindBytesMax = logs.Size("behind-max"),
        };
        return read.BytesMax >= 2 * read.SegmentBytes ? read : throw new SettingException("hydravisor.logs: size-max must be at least two times segment");
    }

    private static RecordingSettings ReadRecordings(SettingsReader recordings) => RecordingSettings.Default with
    {
        FileBytesMax = recordings.Size("file-max"),
        BytesMaxPerVm = recordings.Size("size-max"),
        AgeMax = recordings.Time("age-max"),
        DiskFreeMinBytes = recordings.Size("disk-free-min"),
    };

    private static string Or(string text, string otherwise) => text.Length == 0 ? otherwise : text;
}

/// <summary>How the node logs.</summary>
/// <param name="Level">The least level that is written.</param>
/// <param name="FileMaxBytes">Size of one file.</param>
/// <param name="FilesKept">How many are kept.</param>
internal sealed record LogSettings(string Level, long FileMaxBytes, int FilesKept);
