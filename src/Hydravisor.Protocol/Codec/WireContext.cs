using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>The source-generated reading and writing of every wire record; its options are read-only.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = Limits.JsonDepthMax,
    Converters = [typeof(VmPhaseConverter)])]
[JsonSerializable(typeof(VmCreate))]
[JsonSerializable(typeof(VmDelete))]
[JsonSerializable(typeof(VmStart))]
[JsonSerializable(typeof(VmStop))]
[JsonSerializable(typeof(VmSuspend))]
[JsonSerializable(typeof(VmResume))]
[JsonSerializable(typeof(VmReboot))]
[JsonSerializable(typeof(VmStateQuery))]
[JsonSerializable(typeof(VmList))]
[JsonSerializable(typeof(VmAttachTerminal))]
[JsonSerializable(typeof(VmExec))]
[JsonSerializable(typeof(TerminalInput))]
[JsonSerializable(typeof(TerminalResize))]
[JsonSerializable(typeof(TerminalDetach))]
[JsonSerializable(typeof(LogSubscribe))]
[JsonSerializable(typeof(LogUnsubscribe))]
[JsonSerializable(typeof(LogQuery))]
[JsonSerializable(typeof(RecordingQuery))]
[JsonSerializable(typeof(NodeList))]
[JsonSerializable(typeof(NodeCordon))]
[JsonSerializable(typeof(NodeDrain))]
[JsonSerializable(typeof(NodeResume))]
[JsonSerializable(typeof(Heartbeat))]
[JsonSerializable(typeof(VmCreated))]
[JsonSerializable(typeof(OkReply))]
[JsonSerializable(typeof(VmStateMessage))]
[JsonSerializable(typeof(VmListReply))]
[JsonSerializable(typeof(AttachReply))]
[JsonSerializable(typeof(ExecReply))]
[JsonSerializable(typeof(ReplyMeta))]
[JsonSerializable(typeof(LogSubscribed))]
[JsonSerializable(typeof(ModelLog))]
[JsonSerializable(typeof(RecordingReply))]
[JsonSerializable(typeof(TerminalOutput))]
[JsonSerializable(typeof(NodeListReply))]
[JsonSerializable(typeof(NodeReply))]
[JsonSerializable(typeof(HeartbeatReply))]
[JsonSerializable(typeof(HeartbeatRequest))]
[JsonSerializable(typeof(ErrorMessage))]
[JsonSerializable(typeof(Authorize))]
internal sealed partial class WireContext : JsonSerializerContext;
