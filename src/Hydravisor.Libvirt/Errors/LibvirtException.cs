namespace Hydravisor.Libvirt;

/// <summary>A libvirt call that failed. Decide on <see cref="Code"/> and <see cref="Domain"/>, or on the intents below
/// (<see cref="IsNotFound"/>, <see cref="IsConnectionLost"/>, …); the text is for people only and differs between
/// versions.</summary>
public sealed class LibvirtException : Exception
{
    internal LibvirtException(string operation, LibvirtErrorCode code, LibvirtErrorDomain domain, string libvirtMessage)
        : base($"{operation} failed: {libvirtMessage} (code {code}, from {domain})")
    {
        Operation = operation;
        Code = code;
        Domain = domain;
        LibvirtMessage = libvirtMessage;
    }

    /// <summary>The C function that failed, such as <c>virDomainCreateWithFlags</c>.</summary>
    public string Operation { get; }

    /// <summary>What went wrong.</summary>
    public LibvirtErrorCode Code { get; }

    /// <summary>Which part of libvirt raised it.</summary>
    public LibvirtErrorDomain Domain { get; }

    /// <summary>The text of libvirt, for people. It may bear names and paths of the host: not for a peer.</summary>
    public string LibvirtMessage { get; }

    /// <summary>Extra text of libvirt, often the message's first argument; null where there is none.</summary>
    public string? Text1 { get; internal init; }

    /// <summary>Extra text of libvirt; null where there is none.</summary>
    public string? Text2 { get; internal init; }

    /// <summary>Extra text of libvirt; null where there is none.</summary>
    public string? Text3 { get; internal init; }

    /// <summary>Extra number of libvirt. For <see cref="LibvirtErrorCode.SystemError"/> it is the errno.</summary>
    public int Number1 { get; internal init; }

    /// <summary>Extra number of libvirt.</summary>
    public int Number2 { get; internal init; }

    /// <summary>The domain does not exist (any more).</summary>
    public bool IsNotFound => Code == LibvirtErrorCode.NoDomain;

    /// <summary>The daemon cannot be reached: the socket is closed, refused, or there is none. Every handle and every event
    /// registration of that connection is dead. Dispose it, open another, register events, then list everything.</summary>
    /// <remarks>libvirt has no code of its own for this: a call on a connection whose daemon was killed answers
    /// INTERNAL_ERROR from RPC ("client socket is closed").</remarks>
    public bool IsConnectionLost =>
        Domain is LibvirtErrorDomain.Rpc or LibvirtErrorDomain.Remote
        && Code is LibvirtErrorCode.InternalError or LibvirtErrorCode.Rpc or LibvirtErrorCode.SystemError
            or LibvirtErrorCode.NoConnect;

    /// <summary>The call does not fit the state: starting what runs, stopping what is off. Read the state, then decide whether
    /// the wish is fulfilled already.</summary>
    public bool IsInvalidState => Code == LibvirtErrorCode.OperationInvalid;

    /// <summary>The daemon gave up waiting, mostly for another job on the same domain (30 s). The operation may still
    /// happen.</summary>
    public bool IsTimeout => Code == LibvirtErrorCode.OperationTimeout;

    /// <summary>The guest agent does not answer, answers out of step, or the domain has no agent channel at all.</summary>
    /// <remarks>"No channel" is ARGUMENT_UNSUPPORTED, which means this only when an agent command was asked for.</remarks>
    public bool IsAgentUnavailable =>
        Code is LibvirtErrorCode.AgentUnresponsive or LibvirtErrorCode.AgentUnsynced
        || (Code == LibvirtErrorCode.ArgumentUnsupported && Operation == AgentOperation);

    /// <summary>The driver does not implement this, or not with these flags or arguments.</summary>
    public bool IsUnsupported =>
        Code is LibvirtErrorCode.NoSupport or LibvirtErrorCode.OperationUnsupported or LibvirtErrorCode.ConfigUnsupported
            or LibvirtErrorCode.ArgumentUnsupported
        && !IsAgentUnavailable;

    internal const string AgentOperation = "virDomainQemuAgentCommand";
}
