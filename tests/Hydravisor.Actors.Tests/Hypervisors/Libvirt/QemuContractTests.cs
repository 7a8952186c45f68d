using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

/// <summary>The contract, on real guests.</summary>
[Collection(QemuCollection.Name)]
public sealed class QemuContractTests : HypervisorContract
{
    private readonly QemuNode _node = new();

    private protected override IHypervisor Create() => _node.NewHypervisor();

    private protected override DomainPlan NewPlan() => QemuNode.NewPlan();

    private protected override DomainPlan NewAgentPlan() => QemuNode.NewPlan() with
    {
        RamBytes = 512L << 20,
        Image = new ImageRef("debian-12", null, new ReadySignal(null, Agent: true)),
    };

    private protected override Task CleanUpAsync()
    {
        _node.Dispose();
        return Task.CompletedTask;
    }
}
