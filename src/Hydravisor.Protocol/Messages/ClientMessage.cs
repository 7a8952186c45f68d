using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>
/// A message that a client sends. Immutable. Holds what stood on the line and nothing else: defaults and the
/// judgement whether values are possible belong to the node. A new one needs an entry in <see cref="MessageCatalogue"/>.
/// </summary>
public abstract record ClientMessage
{
    private protected ClientMessage()
    {
    }

    /// <summary>The wire type, such as <c>vm/create</c>.</summary>
    [JsonPropertyOrder(WireOrder.First)]
    public abstract string Type { get; }

    /// <summary>The optional block beside the message's own fields.</summary>
    [JsonPropertyOrder(WireOrder.Last)]
    public MessageMeta? Meta { get; init; }
}

/// <summary>A client's message about one VM.</summary>
public abstract record InstanceMessage : ClientMessage
{
    private protected InstanceMessage()
    {
    }

    /// <summary>The VM; as the client wrote it, perhaps no well-formed id.</summary>
    [JsonPropertyOrder(WireOrder.Early)]
    public required string InstanceId { get; init; }
}

/// <summary>
/// <c>mcp/heartbeat</c>: with <see cref="Ok"/> the answer to the server's own, which gets no reply; without, it is answered.
/// </summary>
public sealed record Heartbeat : ClientMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.Heartbeat;

    /// <summary><see langword="true"/> in an answer to the server's heartbeat.</summary>
    public bool? Ok { get; init; }
}
