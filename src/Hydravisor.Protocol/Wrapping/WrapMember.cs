namespace Hydravisor.Protocol;

/// <summary>The members of a wrapping, in the order in which they are written.</summary>
internal enum WrapMember
{
    AgentFingerprint,
    Role,
    Timestamp,
    Nonce,
    Hmac,
    Message,
}
