using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests;

/// <summary>The values that tests are about when it does not matter which.</summary>
internal static class Samples
{
    public const string Node = "node-1";

    public static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static readonly InstanceId Id = InstanceId.Parse("vm-0123456789ab");

    public static readonly InstanceId OtherId = InstanceId.Parse("vm-ba9876543210");

    /// <summary>The reach of one who may touch all VMs.</summary>
    public static VmReach Everything { get; } = Reach(new Policy("trusted", "trusted"), new Principal(Principal.Anonymous, "trusted", "c1"));

    public static VmReach Reach(Policy policy, Principal principal) => new(principal, policy.ScopeOf(principal));

    /// <summary>A request that the policy lets through.</summary>
    public static Authorised<T> Authorised<T>(Policy policy, Principal principal, string permission, T request, string? requestId) =>
        Gatekeeper.TryAuthorise(policy, principal, new PolicyQuestion(permission), request, requestId, out var authorised, out var denied)
            ? authorised
            : throw new ArgumentException(denied.Reason);

    public static VmSpec Spec(string? guest = null) => new(
        Name: "web",
        Os: "tiny",
        Vcpus: 2,
        RamBytes: 512L << 20,
        DiskBytes: 4L << 30,
        Network: NetworkMode.None,
        Model: "openai:gpt-5",
        Labels: guest is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [SimulatedGuest.Label] = guest },
        RecordSession: false,
        Image: new ImageRef("tiny", new string('a', 64), new ReadySignal("^hydravisor: ready", Agent: false)));

    /// <summary>A node with half of all given away.</summary>
    public static NodeView NodeView(string name, int vcpusLeft = 8, long ramLeft = 8L << 30, long diskLeft = 50L << 30) => new(
        0, name, new Dictionary<string, string>(), Trouble: null, Cordon: null,
        new Room(3, 100, 16, vcpusLeft, 16L << 30, ramLeft, 100L << 30, diskLeft, 60L << 30, 1L << 30),
        new NodeLimits(8, 64L << 30, 1L << 40, 512 << 20),
        [new NodeImage("tiny", 64 << 20, 0), new NodeImage("debian-12", 256 << 20, 2L << 30)]);

    public static DomainPlan Plan(InstanceId? id = null, string? guest = null, string node = Node) => Spec(guest).Plan(id ?? Id, node);
}
