using System.Globalization;
using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Scale;

/// <summary>Nodes, VMs and requests as a cluster has them.</summary>
internal static class Samples
{
    private static readonly Policy TrustAll = new("trusted", "trusted");
    private static readonly Principal Agent = new(Principal.Anonymous, "trusted", "c1");
    private static readonly DateTimeOffset Begun = TimeProvider.System.GetUtcNow();

    /// <summary>Who asks here, and may touch every VM.</summary>
    public static VmReach Reach { get; } = Authorise("vm/state", 0, requestId: null).Reach;

    /// <summary>What each new VM is to be.</summary>
    public static VmRequest Wish { get; } = new(
        "tiny", 1, 64 << 20, 0, NetworkMode.None, "anthropic:claude", null, false, new Dictionary<string, string> { ["task"] = "bench" });

    /// <summary>What a host gives away: more than it ever has to, so that a full node is the bench's choice.</summary>
    public static HostSettings Settings { get; } = new(
        VcpuOvercommit: 1, RamOvercommit: 1, DiskOvercommit: 1, RamReservedBytes: 0, DiskFreeMinBytes: 1 << 30, VcpusMax: 64, RamMaxBytes: 256L << 30, DiskMaxBytes: 2L << 40,
        VmsMax: int.MaxValue, RamDefaultBytes: 512 << 20, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), TimeSpan.FromDays(1));

    /// <summary>The images of a node.</summary>
    public static IReadOnlyList<NodeImage> Images { get; } = [new NodeImage("tiny", 64 << 20, 0), new NodeImage("debian-12", 256 << 20, 2L << 30)];

    /// <summary>A node's name.</summary>
    public static string NodeName(int number) => string.Create(CultureInfo.InvariantCulture, $"node-{number:D4}");

    /// <summary>A node that is there.</summary>
    public static Member Member(string name, Address address) => new(name, address, 1, MemberStanding.Up, IsReachable: true, Begun);

    /// <summary>A VM's id, the same for the same number.</summary>
    public static InstanceId IdOf(int number) => InstanceId.FromKey(Principal.Anonymous, RequestId(number), 0);

    /// <summary>The id of the request that makes it.</summary>
    public static string RequestId(int number) => string.Create(CultureInfo.InvariantCulture, $"bench-{number}");

    /// <summary>A running VM.</summary>
    public static VmView Vm(InstanceId id, string node) => new(
        id, node, Principal.Anonymous, VmPhase.Running, Begun, null, 1, 7, id.Value, Wish.Os, Wish.Vcpus, Wish.RamBytes, Wish.DiskBytes, Wish.Network, Wish.Model, Wish.Labels, false);

    /// <summary>What a node's registry has of it.</summary>
    public static RegistryEntry Entry(VmView vm) => new(vm.Id, vm.Name, vm.Owner, null, "", vm.Os, vm.Vcpus, vm.RamBytes, vm.DiskBytes);

    /// <summary>A creation.</summary>
    public static HostMessages.CreateVm Create(long correlation, int number) => new(correlation, Authorise("vm/create", Wish, RequestId(number)));

    private static Authorised<T> Authorise<T>(string type, T request, string? requestId) =>
        Gatekeeper.TryAuthorise(TrustAll, Agent, new PolicyQuestion(type), request, requestId, out var authorised, out var denied)
            ? authorised
            : throw new InvalidOperationException(denied.Reason);
}
