using System.Text.Json.Serialization;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>What is being done to a VM.</summary>
internal enum OperationKind
{
    /// <summary>Making its files and its domain.</summary>
    Provision,

    /// <summary>Starting its domain.</summary>
    Boot,

    /// <summary>Suspending.</summary>
    Suspend,

    /// <summary>Resuming.</summary>
    Resume,

    /// <summary>Rebooting; ends when the reset is seen.</summary>
    Reboot,

    /// <summary>Stopping; ends when the domain is seen to be off.</summary>
    Stop,

    /// <summary>Removing.</summary>
    Delete,

    /// <summary>Moving to another node as it runs.</summary>
    Migrate,
}

/// <summary>The one operation in flight.</summary>
/// <param name="Number">Grows by one with each operation of the VM; an outcome of another number is old news.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Forced">Whether the guest is asked no more.</param>
/// <param name="Since">When it was accepted, or went over to force.</param>
internal sealed record Operation(long Number, OperationKind Kind, bool Forced, DateTimeOffset Since);

/// <summary>That a VM goes to another node.</summary>
/// <param name="To">The node.</param>
/// <param name="Starts">Whether it ran, and is to run there.</param>
/// <param name="IsReleased">Whether it is that node's to write by now.</param>
internal sealed record VmMove(string To, bool Starts, bool IsReleased)
{
    /// <summary>Whether it goes as it runs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsLive { get; init; }

    /// <summary>What is said of the VM.</summary>
    [JsonIgnore]
    public string Sentence => IsReleased ? $"it is the node {To}'s from now on" : $"it is being moved to the node {To}";
}

/// <summary>That a VM came from another node with its disk, which lies beside and is still to be put in its place.</summary>
/// <param name="From">The node.</param>
/// <param name="Starts">Whether it ran there.</param>
internal sealed record VmArrival(string From, bool Starts)
{
    /// <summary>Whether it came as it ran, with its memory.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsLive { get; init; }
}

/// <summary>A VM as it stands at the head of its stream on the node that has it.</summary>
/// <param name="Head">The head.</param>
/// <param name="State">How it stands there.</param>
internal sealed record VmLeft(StreamHead Head, VmState State);

/// <summary>One VM, as its events tell. Immutable; the only writer is the VM's actor.</summary>
internal sealed record VmState
{
    /// <summary>A VM of which nothing is known.</summary>
    public static VmState None { get; } = new();

    /// <summary>The instance; null as long as the VM was not created.</summary>
    public InstanceId? Id { get; init; }

    /// <summary>The node that owns it.</summary>
    public string Node { get; init; } = "";

    /// <summary>The agent that created it.</summary>
    public string Owner { get; init; } = "";

    /// <summary>The <c>request_id</c> of the creation.</summary>
    public string? RequestId { get; init; }

    /// <summary>The digest of the creation's wishes.</summary>
    public string RequestDigest { get; init; } = "";

    /// <summary>What was asked for; null as long as the VM was not created.</summary>
    public VmSpec? Spec { get; init; }

    /// <summary>Where it is in its life.</summary>
    public VmPhase Phase { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Why it is in this phase, where that is worth a word.</summary>
    public string? Reason { get; init; }

    /// <summary>How often the guest came to be where it was not before.</summary>
    public long Incarnation { get; init; }

    /// <summary>Whether this incarnation has shown life.</summary>
    public bool Ready { get; init; }

    /// <summary>The run number of the domain, 0 when it does not run.</summary>
    public long Run { get; init; }

    /// <summary>The operation in flight.</summary>
    public Operation? Operation { get; init; }

    /// <summary>The number of the last operation.</summary>
    public long LastOperation { get; init; }

    /// <summary>The number of the last event: grows with every change.</summary>
    public long Revision { get; init; }

    /// <summary>Where it goes; null: nowhere.</summary>
    public VmMove? Move { get; init; }

    /// <summary>Where it came from, until its disk and domain are in place; null: it did not come from elsewhere, or is in place.</summary>
    public VmArrival? Arrival { get; init; }

    /// <summary>Whether it is another node's to write by now: nothing is done to it here any more.</summary>
    [JsonIgnore]
    public bool IsReleased => Move is { IsReleased: true };

    /// <summary>Whether it was created and is not gone.</summary>
    [JsonIgnore]
    public bool Exists => Id is not null && Phase != VmPhase.Deleted;

    /// <summary>How others may see it.</summary>
    /// <exception cref="InvalidOperationException">It was never created.</exception>
    public VmView View() =>
        Id is null || Spec is null
            ? throw new InvalidOperationException("A VM that was never created has no view.")
            : new VmView(
                Id, Node, Owner, Phase, Since, Reason, Incarnation, Revision, Spec.Name, Spec.Os, Spec.Vcpus, Spec.RamBytes,
                Spec.DiskBytes, Spec.Network, Spec.Model, Spec.Labels, Spec.RecordSession)
            {
                OnNodeLoss = Spec.OnNodeLoss,
                Move = Move,
            };
}
