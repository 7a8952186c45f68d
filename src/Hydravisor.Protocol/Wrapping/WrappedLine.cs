namespace Hydravisor.Protocol;

/// <summary>
/// A message with its security wrapping, well-formed but not judged: whether the signature, the time, the nonce and the role
/// are good is for who holds the keys. Immutable as long as the memory of the line is.
/// </summary>
/// <param name="AgentFingerprint">SHA-256 of the agent's key, 64 lowercase hexadecimal digits.</param>
/// <param name="Role">The role that the agent wants to act in.</param>
/// <param name="TimestampText">The timestamp as it was signed.</param>
/// <param name="Timestamp">The same as a time, in UTC.</param>
/// <param name="Nonce">Good once.</param>
/// <param name="Hmac">The signature, 64 hexadecimal digits of either case; none where a client certificate stands for it.</param>
/// <param name="Message">The value of <c>message</c>, byte for byte as it stands on the line: a slice of the line, not a copy.</param>
public sealed record WrappedLine(
    string AgentFingerprint,
    string Role,
    string TimestampText,
    DateTimeOffset Timestamp,
    AsciiText Nonce,
    AsciiText? Hmac,
    ReadOnlyMemory<byte> Message)
{
    /// <summary><c>meta.request_id</c> of the message, if it can be read: for the answer to a refused line. Read each time.</summary>
    public string? RequestId => LineWrapping.RequestIdOf(Message.Span);
}
