using System.Text.Json.Serialization;
using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>A VM as others may see it. Immutable.</summary>
internal sealed record VmView(
    InstanceId Id,
    string Node,
    string Owner,
    VmPhase Phase,
    DateTimeOffset Since,
    string? Reason,
    long Incarnation,
    long Revision,
    string Name,
    string Os,
    int Vcpus,
    long RamBytes,
    long DiskBytes,
    Hypervisors.NetworkMode Network,
    string? Model,
    IReadOnlyDictionary<string, string> Labels,
    bool RecordSession)
{
    /// <summary>What becomes of it when its node is lost; null: it waits for its node.</summary>
    public OnNodeLoss? OnNodeLoss { get; init; }

    /// <summary>Where it goes; null: nowhere.</summary>
    public VmMove? Move { get; init; }

    /// <summary>Whether it is another node's to write by now, or is about to be.</summary>
    [JsonIgnore]
    public bool IsReleased => Move is { IsReleased: true };

    /// <summary>What the policy asks of it.</summary>
    [JsonIgnore]
    public VmFacts Facts => new(Id, Owner, Labels);
}

/// <summary>Who awaits the answer to what is being stored.</summary>
/// <param name="Correlation">The number under which it is awaited.</param>
/// <param name="From">Who.</param>
/// <param name="MakesIt">Whether the VM is this node's only once that is stored.</param>
internal sealed record VmAsking(long Correlation, IActorRef From, bool MakesIt)
{
    /// <summary>Who sent a command.</summary>
    public static VmAsking Of(VmAsk ask, IActorRef from) => new(ask.Correlation, from, ask.Command.Value is VmCommand.Create);
}

/// <summary>A VM's answer to one message.</summary>
internal abstract record VmReply
{
    private VmReply()
    {
    }

    /// <summary>The number that the message bore.</summary>
    public required long Correlation { get; init; }

    /// <summary>The answer about a VM that is not there, and about one that whoever asks must not know of: the two cannot be told apart.</summary>
    public static Denied NotThere(InstanceId id, long correlation) =>
        new(id, ErrorCode.NotFound, $"there is no instance {id}; vm/list shows those there are") { Correlation = correlation };

    /// <summary>The command is durable, or was already fulfilled (<c>Already</c>), or the query's answer.</summary>
    public sealed record Granted(VmView View, bool Already) : VmReply;

    /// <summary>The terminal is open: the session's name, and the command that attaches to it.</summary>
    public sealed record Attached(VmView View, string Session, bool ReadOnly, string Command) : VmReply;

    /// <summary>The program ran and ended.</summary>
    public sealed record Executed(VmView View, int ExitCode, byte[] Output, byte[] Errors, bool Truncated) : VmReply;

    /// <summary>Nothing was done here: the VM is another node's. Only for who places VMs.</summary>
    public sealed record Elsewhere(InstanceId Id, string Node) : VmReply;

    /// <summary>Room is kept there for the VM, and its disk is there where that was asked for. Only for who moves VMs.</summary>
    public sealed record Expected(InstanceId Id, string Node) : VmReply;

    /// <summary>Room is kept there for the VM, and a place made for it to come as it runs. Only for who moves VMs.</summary>
    public sealed record Landing(InstanceId Id, string Node, Hypervisors.Live.Landing Place) : VmReply;

    /// <summary>Nothing was done.</summary>
    public sealed record Denied(InstanceId? Id, ErrorCode Code, string Message) : VmReply;
}
