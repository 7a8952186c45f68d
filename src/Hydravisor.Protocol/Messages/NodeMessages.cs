using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary><c>node/list</c>: the nodes, whether each is there, and what it has to give.</summary>
public sealed record NodeList : ClientMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.NodeList;
}

/// <summary>A client's message about one node.</summary>
public abstract record NodeMessage : ClientMessage
{
    private protected NodeMessage()
    {
    }

    /// <summary>The node's name; absent: the one that is asked.</summary>
    [JsonPropertyOrder(WireOrder.Early)]
    public string? Node { get; init; }
}

/// <summary><c>node/cordon</c>: let a node take no new VMs. Those that it has run on.</summary>
public sealed record NodeCordon : NodeMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.NodeCordon;

    /// <summary>Why, for those who ask for a VM and are refused.</summary>
    public string? Reason { get; init; }
}

/// <summary><c>node/drain</c>: have a node's VMs moved to other nodes, each as it runs where that can be and else off while its disk is copied, and let it take no new ones.</summary>
public sealed record NodeDrain : NodeMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.NodeDrain;

    /// <summary>Why, for those who ask for a VM and are refused.</summary>
    public string? Reason { get; init; }
}

/// <summary><c>node/resume</c>: let a node take new VMs again, and keep those that it has.</summary>
public sealed record NodeResume : NodeMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.NodeResume;
}

/// <summary>The reply to <c>node/list</c>. Nodes are compared by reference.</summary>
public sealed record NodeListReply : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.NodeList;

    /// <summary>Always <see langword="true"/>; a refusal is an <see cref="ErrorMessage"/>.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The nodes, by name.</summary>
    public required IReadOnlyList<NodeInfo> Nodes { get; init; }
}

/// <summary>The reply to a message about one node: it is so now.</summary>
public sealed record NodeReply : ServerMessage
{
    /// <summary>Makes the reply to a wire type.</summary>
    /// <param name="type">The wire type of the message that this answers.</param>
    [JsonConstructor]
    public NodeReply(string type) => Type = type;

    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type { get; }

    /// <summary>Always <see langword="true"/>; a refusal is an <see cref="ErrorMessage"/>.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The node's name.</summary>
    public required string Node { get; init; }
}

/// <summary>A node as the one that was asked sees it. Labels and images are compared by reference.</summary>
public sealed record NodeInfo
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// <c>up</c>; <c>joining</c>, <c>leaving</c>; <c>unreachable</c>: it does not answer; <c>down</c>: the others went on without it, or it was never heard of since
    /// the one that is asked began, and there are VMs of it.
    /// </summary>
    public required string State { get; init; }

    /// <summary>Since when it is so, as far as the one that is asked knows.</summary>
    [JsonConverter(typeof(WireTimeConverter))]
    public DateTimeOffset? Since { get; init; }

    /// <summary>Why no VM can be made there now; absent: one can, as far as it is concerned.</summary>
    public string? Trouble { get; init; }

    /// <summary>Absent: it takes new VMs.</summary>
    public NodeCordonInfo? Cordon { get; init; }

    /// <summary>How far its VMs have been moved to other nodes; absent: they are not.</summary>
    public NodeDrainInfo? Drain { get; init; }

    /// <summary>Its labels, if there are any.</summary>
    [JsonConverter(typeof(LabelsConverter))]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>What it has to give; absent where it does not say.</summary>
    public NodeRoom? Room { get; init; }

    /// <summary>The images that VMs can be made of there; absent where it does not say.</summary>
    public IReadOnlyList<string>? Images { get; init; }
}

/// <summary>That a node takes no new VMs.</summary>
public sealed record NodeCordonInfo
{
    /// <summary>Since when.</summary>
    [JsonConverter(typeof(WireTimeConverter))]
    public required DateTimeOffset Since { get; init; }

    /// <summary>Why, in the words of who wanted it.</summary>
    public string? Reason { get; init; }
}

/// <summary>How far a node's VMs have been moved to other nodes. Compared by reference.</summary>
public sealed record NodeDrainInfo
{
    /// <summary>Those that it still has.</summary>
    public required long VmsLeft { get; init; }

    /// <summary>Why some of them stay for now, the most frequent reasons first; absent: none does. Each is tried again.</summary>
    public IReadOnlyList<NodeStayInfo>? Staying { get; init; }
}

/// <summary>Why VMs stay on a node that is drained.</summary>
public sealed record NodeStayInfo
{
    /// <summary>Part of a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>How many.</summary>
    public required long Vms { get; init; }
}

/// <summary>What a node has to give to VMs, all in all and still. Sizes are <see cref="ByteSize"/>s as text; nothing is less than 0.</summary>
public sealed record NodeRoom
{
    /// <summary>Its VMs.</summary>
    public required long Vms { get; init; }

    /// <summary>How many it may have.</summary>
    public required long VmsMax { get; init; }

    /// <summary>Virtual processors, all in all.</summary>
    public required long Vcpus { get; init; }

    /// <summary>Those that are left.</summary>
    public required long VcpusLeft { get; init; }

    /// <summary>Memory, all in all.</summary>
    public required string Ram { get; init; }

    /// <summary>That which is left.</summary>
    public required string RamLeft { get; init; }

    /// <summary>Disk, all in all.</summary>
    public required string Disk { get; init; }

    /// <summary>That which is left.</summary>
    public required string DiskLeft { get; init; }
}
