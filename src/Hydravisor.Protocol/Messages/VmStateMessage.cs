using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>
/// <c>vm/state</c> from the server: a VM as it is, as the answer to a query, as an entry of a list, or as a broadcast of a
/// change. Labels are compared by reference.
/// </summary>
public sealed record VmStateMessage : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmState;

    /// <summary>The VM.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required VmPhase State { get; init; }

    /// <summary>Since when it is there; on the wire UTC, in milliseconds.</summary>
    [JsonConverter(typeof(WireTimeConverter))]
    public required DateTimeOffset Since { get; init; }

    /// <summary>The node that has it.</summary>
    public required string Node { get; init; }

    /// <summary>The image it was made from.</summary>
    public required string Os { get; init; }

    /// <summary>Virtual processors.</summary>
    public required long Cpu { get; init; }

    /// <summary>Memory, a <see cref="ByteSize"/> as text.</summary>
    public required string Ram { get; init; }

    /// <summary>Size of the disk, a <see cref="ByteSize"/> as text; absent where the image boots without one.</summary>
    public string? Disk { get; init; }

    /// <summary><c>none</c> or <c>user</c>.</summary>
    public required string Network { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary><c>provider:name</c>, if it was given.</summary>
    public string? Model { get; init; }

    /// <summary>Its labels, if there are any.</summary>
    [JsonConverter(typeof(LabelsConverter))]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Whether its terminal session is recorded, if that was said.</summary>
    public bool? RecordSession { get; init; }

    /// <summary><c>restart</c>: it is started anew elsewhere when its node is lost; absent: it waits for its node.</summary>
    public string? OnNodeLoss { get; init; }

    /// <summary>Grows by one at each event after which the guest is not where it was (boot, restore, move).</summary>
    public required long Incarnation { get; init; }

    /// <summary>
    /// The sequence number of the VM's journal that this shows. Of two messages about a VM the greater is the newer.
    /// </summary>
    public required long Revision { get; init; }

    /// <summary>Why, where the state needs saying (a failed VM always has one).</summary>
    public string? Reason { get; init; }

    /// <summary>The agent that it belongs to.</summary>
    public string? Owner { get; init; }

    /// <summary><see langword="true"/> in a broadcast; absent in an answer.</summary>
    public bool? Broadcast { get; init; }

    /// <summary>In a broadcast: where it was before.</summary>
    public VmPhase? Previous { get; init; }
}
