using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>The reply to a client's <c>mcp/heartbeat</c>.</summary>
public sealed record HeartbeatReply : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.Heartbeat;

    /// <summary>Always <see langword="true"/>: tells the reply from the server's own heartbeat.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The server's clock; on the wire UTC, in milliseconds.</summary>
    [JsonConverter(typeof(WireTimeConverter))]
    public required DateTimeOffset Time { get; init; }
}

/// <summary>The server's own <c>mcp/heartbeat</c> after a silence; any line answers it.</summary>
public sealed record HeartbeatRequest : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.Heartbeat;

    /// <summary>The server's clock; on the wire UTC, in milliseconds.</summary>
    [JsonConverter(typeof(WireTimeConverter))]
    public required DateTimeOffset Time { get; init; }
}

/// <summary><c>mcp/error</c>: a refusal or a failure.</summary>
public sealed record ErrorMessage : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.Error;

    /// <summary>The number of the error.</summary>
    public required ErrorCode Code { get; init; }

    /// <summary>What was wrong and what would be right.</summary>
    public required string Message { get; init; }

    /// <summary>The VM that it is about, if one is known.</summary>
    public string? InstanceId { get; init; }

    /// <summary>With 403: the id of the rule that decided, or <c>default-deny</c>.</summary>
    public string? Rule { get; init; }

    /// <summary>With 403: the digest of the policy in force.</summary>
    public string? Policy { get; init; }

    /// <summary>With 429 for a rate: in how many milliseconds to send it again.</summary>
    public long? RetryAfterMs { get; init; }

    /// <summary>With 500: the id under which the log has the details.</summary>
    public string? ErrorId { get; init; }
}

/// <summary>
/// The answer to a line of the Model Context Protocol (a <c>jsonrpc</c> member and no <c>type</c>): a JSON-RPC 2.0 error.
/// It has no <c>type</c> and no <c>meta</c> on the wire.
/// </summary>
public sealed record JsonRpcErrorReply : ServerMessage
{
    /// <summary>JSON-RPC 2.0, section 5.1: method not found.</summary>
    public const int MethodNotFound = -32601;

    /// <summary>Empty: such a line has no type.</summary>
    public override string Type => "";

    /// <summary>The id of the request as JSON text (a string, a number or <c>null</c>), byte for byte as it stood.</summary>
    public required string IdJson { get; init; }

    /// <summary>The JSON-RPC error code.</summary>
    public int Code { get; init; } = MethodNotFound;

    /// <summary>What was wrong and what would be right.</summary>
    public required string Message { get; init; }
}

/// <summary>A message of a type that this version of the client does not know; a newer server may send such.</summary>
public sealed record UnknownServerMessage : ServerMessage
{
    /// <summary>Makes one of a wire type.</summary>
    public UnknownServerMessage(string type) => Type = type;

    /// <inheritdoc/>
    public override string Type { get; }
}
