using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>A message that the server sends: a direct reply (then it bears the request id) or a broadcast. Immutable.</summary>
public abstract record ServerMessage
{
    private protected ServerMessage()
    {
    }

    /// <summary>The wire type, such as <c>vm/state</c>.</summary>
    [JsonPropertyOrder(WireOrder.First)]
    public abstract string Type { get; }

    /// <summary>Bears the request id of the message that this answers, if that had one.</summary>
    [JsonPropertyOrder(WireOrder.Last)]
    public ReplyMeta? Meta { get; init; }
}

/// <summary>The reply to <c>vm/create</c>, given as soon as the request is durable.</summary>
public sealed record VmCreated : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmCreate;

    /// <summary>Always <see langword="true"/>; a refusal is an <see cref="ErrorMessage"/>.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The VM.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Where it is; <see cref="VmPhase.Provisioning"/> for one just made.</summary>
    public required VmPhase State { get; init; }

    /// <summary>Its incarnation.</summary>
    public long? Incarnation { get; init; }
}

/// <summary>The reply to a message about one VM that has nothing more to say: an echo with <c>ok:true</c>.</summary>
public sealed record OkReply : ServerMessage
{
    /// <summary>Makes the echo of a wire type.</summary>
    /// <param name="type">The wire type of the message that this answers.</param>
    [JsonConstructor]
    public OkReply(string type) => Type = type;

    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type { get; }

    /// <summary>Always <see langword="true"/>; a refusal is an <see cref="ErrorMessage"/>.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The VM; <c>*</c> after the states of all of them.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Its incarnation when the message was accepted; absent after the states of all VMs.</summary>
    public long? Incarnation { get; init; }
}

/// <summary>The reply to <c>vm/list</c>.</summary>
public sealed record VmListReply : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmList;

    /// <summary>Always <see langword="true"/>; a refusal is an <see cref="ErrorMessage"/>.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The VMs, in the order that the node chose. Compared by reference.</summary>
    public required IReadOnlyList<VmStateMessage> Instances { get; init; }
}

/// <summary>The reply to <c>vm/attach-terminal</c>.</summary>
public sealed record AttachReply : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmAttachTerminal;

    /// <summary>Always <see langword="true"/>; a refusal is an <see cref="ErrorMessage"/>.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The VM.</summary>
    public required string InstanceId { get; init; }

    /// <summary>The terminal session's name on its node, <c>hydravisor-vm-…</c>.</summary>
    public required string Session { get; init; }

    /// <summary><c>read-write</c> or <c>read-only</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>A shell command that a person on that node can paste.</summary>
    public required string Attach { get; init; }

    /// <summary>The VM's incarnation.</summary>
    public required long Incarnation { get; init; }
}

/// <summary>The reply to <c>vm/exec</c>: the command ran, and ended with this. One that did not run is an <see cref="ErrorMessage"/>.</summary>
public sealed record ExecReply : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmExec;

    /// <summary>Always <see langword="true"/>: it ran, whatever its exit code.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The VM.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Its exit code; 128 and the signal's number where a signal ended it.</summary>
    public required long ExitCode { get; init; }

    /// <summary>Its standard output, where that is text.</summary>
    public string? Stdout { get; init; }

    /// <summary>Its standard output in base64, where it is no UTF-8 or longer as text.</summary>
    public string? StdoutB64 { get; init; }

    /// <summary>Its standard error, where that is text.</summary>
    public string? Stderr { get; init; }

    /// <summary>Its standard error in base64, as above.</summary>
    public string? StderrB64 { get; init; }

    /// <summary>Whether it wrote more than is here (<see cref="Limits.ExecOutputBytesMax"/>).</summary>
    public required bool Truncated { get; init; }

    /// <summary>The VM's incarnation when the command was accepted.</summary>
    public required long Incarnation { get; init; }
}
