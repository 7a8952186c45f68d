using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>
/// <c>vm/create</c>: make a VM and boot it. Repeated with the same <c>meta.request_id</c> it makes nothing new.
/// </summary>
public sealed record VmCreate : ClientMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmCreate;

    /// <summary>The name of an image in the node's catalogue.</summary>
    public required string Os { get; init; }

    /// <summary>Virtual processors; absent: 1.</summary>
    public long? Cpu { get; init; }

    /// <summary>Memory, a <see cref="ByteSize"/>.</summary>
    public string? Ram { get; init; }

    /// <summary>Size of the disk, a <see cref="ByteSize"/>.</summary>
    public string? Disk { get; init; }

    /// <summary><c>none</c> (absent: this) or <c>user</c>.</summary>
    public string? Network { get; init; }

    /// <summary><c>provider:name</c>, handed to the guest.</summary>
    public string? Model { get; init; }

    /// <summary>On which node it may be; absent: on any.</summary>
    public VmPlacement? Placement { get; init; }

    /// <summary><c>wait</c> (absent: this) or <c>restart</c>: what becomes of it when its node is lost.</summary>
    public string? OnNodeLoss { get; init; }
}

/// <summary>On which node a new VM may be. Labels are compared by reference.</summary>
public sealed record VmPlacement
{
    /// <summary>The node's name; absent: any.</summary>
    public string? Node { get; init; }

    /// <summary>Labels that the node must bear; see <see cref="Label"/>.</summary>
    [JsonConverter(typeof(LabelsConverter))]
    public IReadOnlyDictionary<string, string>? NodeLabels { get; init; }

    /// <summary>Labels of VMs: a node that has one that bears all of them is left out.</summary>
    [JsonConverter(typeof(LabelsConverter))]
    public IReadOnlyDictionary<string, string>? AntiAffinity { get; init; }
}

/// <summary><c>vm/delete</c>: remove a VM with its disk and terminal session.</summary>
public sealed record VmDelete : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmDelete;
}

/// <summary><c>vm/start</c>: boot a stopped VM.</summary>
public sealed record VmStart : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmStart;
}

/// <summary><c>vm/stop</c>: ask the guest to power off.</summary>
public sealed record VmStop : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmStop;

    /// <summary><see langword="true"/>: pull the plug instead of asking.</summary>
    public bool? Force { get; init; }
}

/// <summary><c>vm/suspend</c>: let the guest's processors stand still.</summary>
public sealed record VmSuspend : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmSuspend;
}

/// <summary><c>vm/resume</c>: let a suspended guest go on.</summary>
public sealed record VmResume : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmResume;
}

/// <summary><c>vm/reboot</c>: boot the guest anew.</summary>
public sealed record VmReboot : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmReboot;
}

/// <summary><c>vm/state</c> from a client: ask for a VM's state, or follow it. The instance id may be <c>*</c>.</summary>
public sealed record VmStateQuery : InstanceMessage
{
    /// <summary>Instead of an instance id: every VM that the agent may see.</summary>
    public const string Every = "*";

    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmState;

    /// <summary><see langword="true"/>: one answer.</summary>
    public bool? Query { get; init; }

    /// <summary><see langword="true"/>: an answer, and broadcasts from then on.</summary>
    public bool? Subscribe { get; init; }
}

/// <summary><c>vm/list</c>: the states of all VMs that the agent may see and that the filters let through.</summary>
public sealed record VmList : ClientMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmList;

    /// <summary>Only VMs that bear all of these labels. A label whose value is null counts as absent.</summary>
    [JsonConverter(typeof(LabelsConverter))]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Only VMs in this phase, by its name on the wire.</summary>
    public string? State { get; init; }
}

/// <summary><c>vm/attach-terminal</c>: ask for the VM's terminal session.</summary>
public sealed record VmAttachTerminal : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmAttachTerminal;

    /// <summary>The name of a <see cref="TerminalRole"/>.</summary>
    public string? Role { get; init; }

    /// <summary>Width of the terminal in characters.</summary>
    public long? Cols { get; init; }

    /// <summary>Height of the terminal in lines.</summary>
    public long? Rows { get; init; }

    /// <summary><see langword="true"/>: the terminal's output on this connection.</summary>
    public bool? Stream { get; init; }
}

/// <summary><c>vm/exec</c>: run a command in the guest, by its agent. One of <see cref="Command"/> and <see cref="Argv"/> is given.</summary>
public sealed record VmExec : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.VmExec;

    /// <summary>Run by the guest's <c>/bin/sh -c</c>.</summary>
    public string? Command { get; init; }

    /// <summary>A program's absolute path and its arguments; no shell looks at them. Compared by reference.</summary>
    public IReadOnlyList<string>? Argv { get; init; }

    /// <summary>How long the command may run, in seconds: 1 to <see cref="Limits.ExecSecondsMax"/>; absent:
    /// <see cref="Limits.ExecSecondsDefault"/>.</summary>
    public long? TimeoutS { get; init; }

    /// <summary>What the command reads; absent: nothing.</summary>
    public string? Stdin { get; init; }
}
