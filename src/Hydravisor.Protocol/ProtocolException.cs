namespace Hydravisor.Protocol;

/// <summary>A line from the server is not what the protocol says. The message says what was wrong.</summary>
public sealed class ProtocolException : FormatException
{
    /// <summary>Makes one without a reason.</summary>
    public ProtocolException()
        : base("The line does not follow the Hydravisor line protocol.")
    {
    }

    /// <summary>Makes one with a reason.</summary>
    public ProtocolException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with a reason and what caused it.</summary>
    public ProtocolException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The <c>meta.request_id</c> of the line, if it could be read: whose answer this was to be.</summary>
    public string? RequestId { get; init; }

    /// <summary>
    /// Whether the line was at least a JSON object, so that a client can go on with the next one (a newer server may say what
    /// we do not know); if not, the other side is most likely no Hydravisor at all.
    /// </summary>
    public bool IsObject { get; init; }
}
