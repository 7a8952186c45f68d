using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Sessions;
using Hydravisor.Actors.Terminals.Simulated;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests;

/// <summary>Settings for tests: short where something shall happen, long where nothing shall.</summary>
internal static class Settings
{
    public static readonly HostSettings Host = new(
        VcpuOvercommit: 2, RamOvercommit: 1, DiskOvercommit: 2, RamReservedBytes: 1 << 30, DiskFreeMinBytes: 1 << 30, VcpusMax: 8,
        RamMaxBytes: 64L << 30, DiskMaxBytes: 1L << 40, VmsMax: 100, RamDefaultBytes: 512 << 20, RestartMin: TimeSpan.FromMilliseconds(50),
        RestartMax: TimeSpan.FromMilliseconds(200), RetiredKept: TimeSpan.FromDays(30));

    public static readonly VmSettings Vm = new(
        BootTimeout: TimeSpan.FromMinutes(5), StopGrace: TimeSpan.FromMinutes(1), RebootGrace: TimeSpan.FromMinutes(1), AskAgain: TimeSpan.FromSeconds(10),
        RetryDelay: TimeSpan.FromMilliseconds(50), SnapshotEvery: 100);

    public static readonly SessionSettings Session = new(
        InFlightMax: 8, OutboundBytesMax: 1 << 20, OutboundChunkBytes: 4096, FollowedMax: 3, FeedsMax: 3, DenialsMax: 50, RequestTimeout: TimeSpan.FromMinutes(1),
        HeartbeatInterval: TimeSpan.FromMinutes(1), HeartbeatsUnansweredMax: 3, DrainTimeout: TimeSpan.FromMinutes(1), Linger: TimeSpan.FromMilliseconds(10));

    /// <summary>Real logs and recordings in a directory, over a hypervisor and simulated terminals.</summary>
    public static VmPorts Ports(string directory, IHypervisor hypervisor, ILedger? ledger = null) => VmPorts.Open(
        directory, new LogsSettings(), RecordingSettings.Default, hypervisor, new SimulatedTerminals(), ledger ?? new HeardLedger(), _ => true, TimeProvider.System, _ => { });
}
