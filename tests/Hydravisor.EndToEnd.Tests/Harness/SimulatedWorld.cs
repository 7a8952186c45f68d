using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Protocol;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>What is on a node's simulated hypervisor, seen from beside the node: its domains, and all that was done to them.</summary>
internal sealed class SimulatedWorld
{
    private readonly string _data;
    private readonly SimulatedOutside _outside;

    private SimulatedWorld(string data, SimulatedOutside outside)
    {
        _data = data;
        _outside = outside;
    }

    /// <summary>All that was done, in order.</summary>
    public IReadOnlyList<SimulatedOperation> Operations => _outside.Operations;

    /// <summary>The domains there are.</summary>
    public IReadOnlyList<SimulatedDomain> Domains => _outside.Domains;

    /// <summary>The ids of the domains there are.</summary>
    public IReadOnlySet<string> DomainIds => Domains.Select(domain => domain.Id.Value).ToHashSet();

    /// <summary>The ids of VMs that have a directory.</summary>
    public IReadOnlySet<string> DirectoryIds => Directory.EnumerateDirectories(Path.Combine(_data, "vms")).Select(Path.GetFileName).ToHashSet()!;

    /// <summary>The ids of VMs that have a terminal session.</summary>
    public IReadOnlySet<string> SessionIds =>
        Directory.EnumerateFiles(Path.Combine(_data, "simulated", "terminals")).Select(Path.GetFileNameWithoutExtension).ToHashSet()!;

    /// <summary>Comes to the hypervisor of a node that was started once.</summary>
    public static Task<SimulatedWorld> OfAsync(NodeUnderTest node) => OfAsync(node.Data);

    /// <summary>Comes to the hypervisor of the node of a data directory, which was started once.</summary>
    public static async Task<SimulatedWorld> OfAsync(string data) => new(
        data, await SimulatedOutside.OpenAsync(new SimulatedSettings(Path.Combine(data, "simulated")) { VmsDirectory = Path.Combine(data, "vms") }, TimeProvider.System));

    /// <summary>What was done to one domain.</summary>
    public IReadOnlyList<SimulatedOperation> OperationsOn(string id) => [.. Operations.Where(operation => operation.Id.Value == id)];

    /// <summary>Does what a person at the machine, or an accident, does to a domain.</summary>
    public async Task ActAsync(string id, OutsideAction action) =>
        Assert.True(await _outside.ActAsync(InstanceId.Parse(id), action), $"{id} could not suffer {action}.");

    /// <summary>Defines a domain that bears a node's mark and stands in no journal.</summary>
    public async Task DefineOrphanAsync(string id, string owner)
    {
        var image = new ImageRef("tiny", Sha256: null, new ReadySignal(ConsolePattern: null, Agent: false));
        var plan = new DomainPlan(
            InstanceId.Parse(id), owner, id, image, Vcpus: 1, RamBytes: 32 << 20, DiskBytes: 0, NetworkMode.None, Model: null, new Dictionary<string, string>());
        Assert.True((await _outside.DefineAsync(plan)).IsDone);
    }

    /// <summary>The hypervisor cannot be reached.</summary>
    public void GoDown() => _outside.GoDown();

    /// <summary>The hypervisor can be reached again.</summary>
    public void ComeBack() => _outside.ComeBack();
}
