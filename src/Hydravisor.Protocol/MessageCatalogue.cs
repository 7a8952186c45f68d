using System.Collections.Frozen;
using System.Text.Json.Serialization.Metadata;

namespace Hydravisor.Protocol;

/// <summary>One kind of message that a client may send.</summary>
public sealed record MessageEntry
{
    /// <summary>The value of <c>type</c> on the wire.</summary>
    public required string WireType { get; init; }

    /// <summary>The record that a line of this type becomes.</summary>
    public required Type RecordType { get; init; }

    /// <summary>The permission that it needs; the same as the wire type.</summary>
    public string Permission => WireType;

    /// <summary>Whether it may change anything; what only reads goes on when the journal is down.</summary>
    public required bool Mutates { get; init; }

    /// <summary>One line of documentation.</summary>
    public required string Summary { get; init; }

    /// <summary>A line that can be pasted (without its LF).</summary>
    public required string Sample { get; init; }

    internal JsonTypeInfo TypeInfo => _typeInfo ??= WireContext.Default.GetTypeInfo(RecordType)!;

    private JsonTypeInfo? _typeInfo;
}

/// <summary>
/// Every message of the wire, as data: the codec, access, the command line, the documentation and the coverage tests read it.
/// Whoever adds a message adds a row here, a record, and a line in the serializer context; the tests stay red until the rest is
/// done. Immutable.
/// </summary>
public static class MessageCatalogue
{
    /// <summary>What clients send, in the order of the documentation.</summary>
    public static IReadOnlyList<MessageEntry> Client { get; } =
    [
        Row<VmCreate>(MessageTypes.VmCreate, true, "Make a VM and boot it.",
            """{"type":"vm/create","os":"ubuntu-22.04","cpu":2,"ram":"4GB","model":"ollama:llama3","meta":"""
            + """{"name":"llama-sandbox","record_session":true}}"""),
        Row<VmDelete>(MessageTypes.VmDelete, true, "Remove a VM with its disk and terminal session; twice is no error.",
            """{"type":"vm/delete","instance_id":"vm-23ac1a9d"}"""),
        Row<VmStateQuery>(MessageTypes.VmState, false, "Ask for the state of a VM, or follow it; \"*\" is every VM.",
            """{"type":"vm/state","instance_id":"vm-23ac1a9d","query":true}"""),
        Row<VmList>(MessageTypes.VmList, false, "List VMs, by labels or state if wanted.",
            """{"type":"vm/list","labels":{"team":"red"},"state":"running"}"""),
        Row<VmStart>(MessageTypes.VmStart, true, "Boot a stopped VM.",
            """{"type":"vm/start","instance_id":"vm-23ac1a9d"}"""),
        Row<VmStop>(MessageTypes.VmStop, true, "Ask the guest to power off; with force pull the plug.",
            """{"type":"vm/stop","instance_id":"vm-23ac1a9d","force":true}"""),
        Row<VmSuspend>(MessageTypes.VmSuspend, true, "Let the guest's processors stand still.",
            """{"type":"vm/suspend","instance_id":"vm-23ac1a9d"}"""),
        Row<VmResume>(MessageTypes.VmResume, true, "Let a suspended guest go on.",
            """{"type":"vm/resume","instance_id":"vm-23ac1a9d"}"""),
        Row<VmReboot>(MessageTypes.VmReboot, true, "Boot the guest anew.",
            """{"type":"vm/reboot","instance_id":"vm-23ac1a9d"}"""),
        Row<VmAttachTerminal>(MessageTypes.VmAttachTerminal, false, "Ask for the VM's terminal session, as operator or auditor.",
            """{"type":"vm/attach-terminal","instance_id":"vm-23ac1a9d","role":"auditor"}"""),
        Row<VmExec>(MessageTypes.VmExec, true, "Run a command in the guest, by its agent, and wait for its end.",
            """{"type":"vm/exec","instance_id":"vm-23ac1a9d","command":"uname -a","timeout_s":10}"""),
        Row<TerminalInput>(MessageTypes.TerminalInput, true, "Type into the VM's terminal, which was attached to with stream:true as operator.",
            """{"type":"terminal/input","instance_id":"vm-23ac1a9d","data":"ls\r"}"""),
        Row<TerminalResize>(MessageTypes.TerminalResize, false, "Say how large the operator's screen is; who typed last owns the size.",
            """{"type":"terminal/resize","instance_id":"vm-23ac1a9d","cols":120,"rows":40}"""),
        Row<TerminalDetach>(MessageTypes.TerminalDetach, false, "Leave the VM's terminal; its output stops.",
            """{"type":"terminal/detach","instance_id":"vm-23ac1a9d"}"""),
        Row<LogSubscribe>(MessageTypes.LogSubscribe, false, "Follow the VM's log from its tail, its start or a sequence number.",
            """{"type":"log/subscribe","instance_id":"vm-23ac1a9d","from":1}"""),
        Row<LogUnsubscribe>(MessageTypes.LogUnsubscribe, false, "Follow the VM's log no more.",
            """{"type":"log/unsubscribe","instance_id":"vm-23ac1a9d"}"""),
        Row<LogQuery>(MessageTypes.LogQuery, false, "Read a piece of the VM's log; next in the answer says where to go on.",
            """{"type":"log/query","instance_id":"vm-23ac1a9d","from":1,"limit":1000}"""),
        Row<RecordingQuery>(MessageTypes.RecordingQuery, false, "Read a piece of what was shown and typed at a recorded VM's terminal, also of a deleted one.",
            """{"type":"recording/query","instance_id":"vm-23ac1a9d","input":false}"""),
        Row<NodeList>(MessageTypes.NodeList, false, "List the nodes: whether each is there, and what it has to give.",
            """{"type":"node/list"}"""),
        Row<NodeCordon>(MessageTypes.NodeCordon, true, "Let a node take no new VMs; those that it has run on.",
            """{"type":"node/cordon","node":"node-2","reason":"a disk is to be changed"}"""),
        Row<NodeDrain>(MessageTypes.NodeDrain, true, "Have a node's VMs moved to other nodes, and let it take no new ones.",
            """{"type":"node/drain","node":"node-2","reason":"a disk is to be changed"}"""),
        Row<NodeResume>(MessageTypes.NodeResume, true, "Let a node take new VMs again, and keep those that it has.",
            """{"type":"node/resume","node":"node-2"}"""),
        Row<Heartbeat>(MessageTypes.Heartbeat, false, "Ask whether the server is there; with ok:true an answer to its own.",
            """{"type":"mcp/heartbeat"}"""),
    ];

    /// <summary>What only the server sends; from a client it is 405.</summary>
    public static IReadOnlyList<string> ServerOnly { get; } =
        [MessageTypes.Authorize, MessageTypes.ModelLog, MessageTypes.Error, MessageTypes.TerminalOutput];

    private static readonly FrozenDictionary<string, MessageEntry> ByType =
        Client.ToFrozenDictionary(entry => entry.WireType, StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, MessageEntry>.AlternateLookup<ReadOnlySpan<char>> ByTypeSpan =
        ByType.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The entry of a wire type; <see langword="null"/> if clients do not send it.</summary>
    public static MessageEntry? Find(ReadOnlySpan<char> wireType) =>
        ByTypeSpan.TryGetValue(wireType, out var entry) ? entry : null;

    private static MessageEntry Row<T>(string type, bool mutates, string summary, string sample)
        where T : ClientMessage =>
        new() { WireType = type, RecordType = typeof(T), Mutates = mutates, Summary = summary, Sample = sample };
}
