namespace Hydravisor.Protocol;

/// <summary>
/// What a line was: bare, wrapped, or a wrapping that is not well-formed together with the answer to send. The unset value is
/// bare.
/// </summary>
public readonly record struct Unwrapped
{
    private readonly object? _content;

    private Unwrapped(object content) => _content = content;

    /// <summary>Whether the line has no wrapping: it is itself what <see cref="LineCodec.Decode"/> reads, or refuses.</summary>
    public bool IsBare => _content is null;

    /// <summary>The wrapped line, if it was one.</summary>
    public WrappedLine? Wrapped => _content as WrappedLine;

    /// <summary>The answer to send, if the wrapping is not well-formed.</summary>
    public ErrorMessage? Refusal => _content as ErrorMessage;

    internal static Unwrapped Of(WrappedLine line) => new(line);

    internal static Unwrapped Refused(ErrorMessage answer) => new(answer);

    internal static Unwrapped Refused(string text, string? requestId) =>
        new(new ErrorMessage { Code = ErrorCode.BadRequest, Message = text, Meta = ReplyMeta.For(requestId) });
}
