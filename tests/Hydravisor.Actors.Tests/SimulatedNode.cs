using System.Diagnostics.CodeAnalysis;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests;

/// <summary>What the VMs of a node work with, in a directory of its own: simulated guests, real logs and recordings.</summary>
internal sealed class SimulatedNode : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public SimulatedNode() => Begin();

    public HeardLedger Ledger { get; } = new();

    public FileSimulatedHypervisor Hypervisor { get; private set; }

    public VmPorts Ports { get; private set; }

    /// <summary>As a process that ends and starts again would have it: its guests live on.</summary>
    public async Task RestartAsync()
    {
        await Ports.DisposeAsync();
        await Hypervisor.DisposeAsync();
        Begin();
    }

    public async ValueTask DisposeAsync()
    {
        await Ports.DisposeAsync();
        await Hypervisor.DisposeAsync();
        _directory.Dispose();
    }

    [MemberNotNull(nameof(Hypervisor), nameof(Ports))]
    private void Begin()
    {
        Hypervisor = new FileSimulatedHypervisor(new SimulatedSettings(_directory.Path), TimeProvider.System);
        Ports = Settings.Ports(_directory.Path, Hypervisor, Ledger);
    }
}
