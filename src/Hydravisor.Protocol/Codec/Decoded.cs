using System.Diagnostics.CodeAnalysis;

namespace Hydravisor.Protocol;

/// <summary>What a client's line was: a message, or why it is none together with the answer to send.</summary>
public readonly record struct Decoded
{
    private readonly object? _content;

    private Decoded(object content) => _content = content;

    /// <summary>Whether the line was a message.</summary>
    [MemberNotNullWhen(true, nameof(Message))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsMessage => _content is ClientMessage;

    /// <summary>The message, if the line was one.</summary>
    public ClientMessage? Message => _content as ClientMessage;

    /// <summary>
    /// The answer to send when the line was no message: an <see cref="ErrorMessage"/> that bears code, text and, where they
    /// could be read, request id and instance id; or a <see cref="JsonRpcErrorReply"/>.
    /// </summary>
    public ServerMessage? Refusal => _content as ServerMessage;

    /// <summary>The refusal, if it is an <c>mcp/error</c>.</summary>
    public ErrorMessage? Error => _content as ErrorMessage;

    /// <summary>The refusal, if the line was of the Model Context Protocol.</summary>
    public JsonRpcErrorReply? JsonRpcError => _content as JsonRpcErrorReply;

    internal static Decoded Of(ClientMessage message) => new(message);

    internal static Decoded Refused(ServerMessage answer) => new(answer);

    internal static Decoded Refused(ErrorCode code, string text, string? requestId = null, string? instanceId = null) =>
        new(new ErrorMessage { Code = code, Message = text, InstanceId = instanceId, Meta = ReplyMeta.For(requestId) });
}
