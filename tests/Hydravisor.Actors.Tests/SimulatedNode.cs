using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests;

/// <summary>What the VMs of a node work with, in a directory of its own: simulated guests, real logs and recordings.</summary>
internal sealed class SimulatedNode : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public SimulatedNode()
    {
        Hypervisor = new FileSimulatedHypervisor(new SimulatedSettings(_directory.Path), TimeProvider.System);
        Ports = Settings.Ports(_directory.Path, Hypervisor, Ledger);
    }

    public HeardLedger Ledger { get; } = new();

    public FileSimulatedHypervisor Hypervisor { get; }

    public VmPorts Ports { get; }

    public async ValueTask DisposeAsync()
    {
        await Ports.DisposeAsync();
        await Hypervisor.DisposeAsync();
        _directory.Dispose();
    }
}
