using Hydravisor.Protocol;

namespace Hydravisor.Client.Tests;

/// <summary>VMs that a scripted server tells of.</summary>
public static class Samples
{
    public const string Id = "vm-23ac1a9d";

    public static VmStateMessage State(VmPhase phase = VmPhase.Running, long revision = 1, string id = Id, string? name = null) => new()
    {
        InstanceId = id,
        State = phase,
        Since = new DateTimeOffset(2025, 5, 29, 20, 15, 42, TimeSpan.Zero),
        Node = "node-1",
        Os = "tiny",
        Cpu = 1,
        Ram = "128MB",
        Network = "none",
        Name = name ?? id,
        Incarnation = 1,
        Revision = revision,
    };

    public static VmStateMessage Broadcast(VmPhase phase, long revision, string id = Id) => State(phase, revision, id) with { Broadcast = true };

    public static OkReply Ok(string type) => new(type) { InstanceId = Id, Incarnation = 1 };
}
