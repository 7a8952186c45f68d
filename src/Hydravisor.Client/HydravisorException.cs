using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <summary>
/// The node refused a request or failed at it: an <c>mcp/error</c> as an exception. The message is the node's own.
/// </summary>
public sealed class HydravisorException : Exception
{
    /// <summary>Makes one without a reason.</summary>
    public HydravisorException()
        : this("The node refused the request.")
    {
    }

    /// <summary>Makes one with a reason.</summary>
    public HydravisorException(string message)
        : base(message) => Code = ErrorCode.Internal;

    /// <summary>Makes one with a reason and what caused it.</summary>
    public HydravisorException(string message, Exception innerException)
        : base(message, innerException) => Code = ErrorCode.Internal;

    /// <summary>Makes one of the node's error.</summary>
    public HydravisorException(ErrorMessage error)
        : base((error ?? throw new ArgumentNullException(nameof(error))).Message)
    {
        Error = error;
        Code = error.Code;
    }

    /// <summary>The error as it came, if one came.</summary>
    public ErrorMessage? Error { get; }

    /// <summary>The number of the error.</summary>
    public ErrorCode Code { get; }

    /// <summary>The VM that it is about, if the node said so.</summary>
    public string? InstanceId => Error?.InstanceId;

    /// <summary>With 403: the rule that decided.</summary>
    public string? Rule => Error?.Rule;

    /// <summary>With 403: the digest of the policy in force.</summary>
    public string? Policy => Error?.Policy;

    /// <summary>With 500: the id under which the node's log has the details.</summary>
    public string? ErrorId => Error?.ErrorId;
}

/// <summary>
/// There is no connection: it could not be made, or it was lost or closed. What was in flight may have been done or not; a
/// <c>vm/create</c> is safe to repeat with the same request id, and the other messages can be judged by the VM's state.
/// </summary>
public sealed class HydravisorConnectionException : IOException
{
    /// <summary>Makes one without a reason.</summary>
    public HydravisorConnectionException()
        : base("There is no connection to the node.")
    {
    }

    /// <summary>Makes one with a reason.</summary>
    public HydravisorConnectionException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with a reason and what caused it.</summary>
    public HydravisorConnectionException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
