using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>
/// <c>mcp/authorize</c>: answers the first wrapped message of a connection, before that message's own reply; another one
/// announces that the grant has ended.
/// </summary>
public sealed record Authorize : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.Authorize;

    /// <summary>Whether the agent may act in the role that it asked for.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public required bool Granted { get; init; }

    /// <summary>The agent; without a grant only where it was said.</summary>
    public string? AgentFingerprint { get; init; }

    /// <summary>The role; without a grant only where it was said.</summary>
    public string? Role { get; init; }

    /// <summary>With a grant: the message types that the role may send. Compared by reference.</summary>
    public IReadOnlyList<string>? Permissions { get; init; }

    /// <summary>With a grant: the name of this connection in the node's records.</summary>
    public string? SessionId { get; init; }

    /// <summary>With a grant that ends by itself: when; on the wire UTC, in milliseconds.</summary>
    [JsonConverter(typeof(WireTimeConverter))]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Without a grant: <see cref="ErrorCode.Unauthorized"/> or <see cref="ErrorCode.Forbidden"/>.</summary>
    public ErrorCode? Code { get; init; }

    /// <summary>Without a grant: what was wrong and what would be right.</summary>
    public string? Message { get; init; }
}
