using System.Text;
using System.Text.Json;
using CsCheck;

namespace Hydravisor.Protocol.Tests;

/// <summary>Random messages of every kind.</summary>
internal static class Messages
{
    /// <summary>Text of letters, quotes, control characters, and characters of one to four bytes.</summary>
    public static readonly Gen<string> Text =
        Gen.OneOf("a", "Z", "0", "-", " ", "/", "\\", "\"", "<", "&", "'", "\n", "\u0000", "\u001b", "\u007f", "ä", "\u2028", "日", "\uFFFD", "🐍")
            .Array[0, 20].Select(string.Concat);

    public static readonly Gen<string> RequestId = Text.Where(text => text.Length > 0);

    private static readonly Gen<long?> Whole = Gen.OneOf(Gen.Const((long?)null), Gen.Long.Select(number => (long?)number));

    private static readonly Gen<bool?> Flag = Gen.OneOf<bool?>(null, true, false);

    private static readonly Gen<string?> Maybe = Gen.OneOf(Gen.Const((string?)null), Text.Select(text => (string?)text));

    private static readonly Gen<IReadOnlyDictionary<string, string>?> Labels = Gen.OneOf(
        Gen.Const((IReadOnlyDictionary<string, string>?)null),
        Gen.Dictionary(Text, Text)[0, 5].Select(labels => (IReadOnlyDictionary<string, string>?)labels));

    private static readonly Gen<MessageMeta?> Meta = Gen.OneOf(
        Gen.Const((MessageMeta?)null),
        Gen.Select(Gen.OneOf(Gen.Const((string?)null), RequestId.Select(text => (string?)text)), Whole, Maybe, Flag, Labels)
            .Select(meta => (MessageMeta?)new MessageMeta
            {
                RequestId = meta.Item1,
                Incarnation = meta.Item2,
                Name = meta.Item3,
                RecordSession = meta.Item4,
                Labels = meta.Item5,
            }));

    private static readonly Gen<VmPlacement?> Placement = Gen.OneOf(
        Gen.Const((VmPlacement?)null),
        Gen.Select(Maybe, Labels, Labels).Select(it => (VmPlacement?)new VmPlacement { Node = it.Item1, NodeLabels = it.Item2, AntiAffinity = it.Item3 }));

    private static readonly Gen<LogFrom?> From = Gen.OneOf(
        Gen.Const((LogFrom?)null), Gen.Long.Select(seq => (LogFrom?)LogFrom.At(seq)), Text.Select(word => (LogFrom?)new LogFrom(word, null)));

    public static readonly Gen<VmStateQuery> StateQuery = Gen.Select(Text, Flag, Flag, Meta)
        .Select(it => new VmStateQuery { InstanceId = it.Item1, Query = it.Item2, Subscribe = it.Item3, Meta = it.Item4 });

    public static readonly Gen<ClientMessage> Client = Gen.OneOf<ClientMessage>(
        Gen.Select(Text, Whole, Maybe, Maybe, Maybe, Maybe, Meta, Placement).Select(it => (ClientMessage)new VmCreate
        {
            Os = it.Item1,
            Cpu = it.Item2,
            Ram = it.Item3,
            Disk = it.Item4,
            Network = it.Item5,
            Model = it.Item6,
            Meta = it.Item7,
            Placement = it.Item8,
        }),
        Gen.Select(Text, Meta).Select(it => (ClientMessage)new VmDelete { InstanceId = it.Item1, Meta = it.Item2 }),
        Gen.Select(Text, Meta).Select(it => (ClientMessage)new VmStart { InstanceId = it.Item1, Meta = it.Item2 }),
        Gen.Select(Text, Meta).Select(it => (ClientMessage)new VmSuspend { InstanceId = it.Item1, Meta = it.Item2 }),
        Gen.Select(Text, Meta).Select(it => (ClientMessage)new VmResume { InstanceId = it.Item1, Meta = it.Item2 }),
        Gen.Select(Text, Meta).Select(it => (ClientMessage)new VmReboot { InstanceId = it.Item1, Meta = it.Item2 }),
        Gen.Select(Text, Flag, Meta).Select(it => (ClientMessage)new VmStop { InstanceId = it.Item1, Force = it.Item2, Meta = it.Item3 }),
        StateQuery.Select(query => (ClientMessage)query),
        Gen.Select(Labels, Maybe, Meta).Select(it => (ClientMessage)new VmList { Labels = it.Item1, State = it.Item2, Meta = it.Item3 }),
        Gen.Select(Text, Maybe, Whole, Whole, Flag, Meta).Select(it => (ClientMessage)new VmAttachTerminal
        {
            InstanceId = it.Item1,
            Role = it.Item2,
            Cols = it.Item3,
            Rows = it.Item4,
            Stream = it.Item5,
            Meta = it.Item6,
        }),
        Gen.Select(Text, Maybe, Text.Array[0, 4], Whole, Maybe, Meta).Select(it => (ClientMessage)new VmExec
        {
            InstanceId = it.Item1,
            Command = it.Item2,
            Argv = it.Item2 is null ? it.Item3 : null,
            TimeoutS = it.Item4,
            Stdin = it.Item5,
            Meta = it.Item6,
        }),
        Gen.Select(Text, Maybe, Maybe, Meta).Select(it => (ClientMessage)new TerminalInput
        {
            InstanceId = it.Item1,
            Data = it.Item2,
            DataB64 = it.Item3,
            Meta = it.Item4,
        }),
        Gen.Select(Text, Whole, Whole, Meta)
            .Select(it => (ClientMessage)new TerminalResize { InstanceId = it.Item1, Cols = it.Item2, Rows = it.Item3, Meta = it.Item4 }),
        Gen.Select(Text, Meta).Select(it => (ClientMessage)new TerminalDetach { InstanceId = it.Item1, Meta = it.Item2 }),
        Gen.Select(Text, From, Meta).Select(it => (ClientMessage)new LogSubscribe { InstanceId = it.Item1, From = it.Item2, Meta = it.Item3 }),
        Gen.Select(Text, Meta).Select(it => (ClientMessage)new LogUnsubscribe { InstanceId = it.Item1, Meta = it.Item2 }),
        Gen.Select(Text, From, Whole, Meta)
            .Select(it => (ClientMessage)new LogQuery { InstanceId = it.Item1, From = it.Item2, Limit = it.Item3, Meta = it.Item4 }),
        Gen.Select(Text, Maybe, Whole, Maybe, Flag, Whole, Meta).Select(it => (ClientMessage)new RecordingQuery
        {
            InstanceId = it.Item1,
            Node = it.Item2,
            Part = it.Item3,
            From = it.Item4,
            Input = it.Item5,
            Limit = it.Item6,
            Meta = it.Item7,
        }),
        Meta.Select(meta => (ClientMessage)new NodeList { Meta = meta }),
        Gen.Select(Maybe, Maybe, Meta).Select(it => (ClientMessage)new NodeCordon { Node = it.Item1, Reason = it.Item2, Meta = it.Item3 }),
        Gen.Select(Maybe, Maybe, Meta).Select(it => (ClientMessage)new NodeDrain { Node = it.Item1, Reason = it.Item2, Meta = it.Item3 }),
        Gen.Select(Maybe, Meta).Select(it => (ClientMessage)new NodeResume { Node = it.Item1, Meta = it.Item2 }),
        Gen.Select(Flag, Meta).Select(it => (ClientMessage)new Heartbeat { Ok = it.Item1, Meta = it.Item2 }));

    private static readonly Gen<ReplyMeta?> ReplyTo =
        Gen.OneOf(Gen.Const((ReplyMeta?)null), Text.Select(ReplyMeta.For));

    private static readonly Gen<DateTimeOffset> Time =
        Gen.Long[0, 4_000_000_000_000].Select(DateTimeOffset.FromUnixTimeMilliseconds);

    private static readonly Gen<VmPhase> Phase = Gen.OneOf(Enum.GetValues<VmPhase>());

    public static readonly Gen<VmStateMessage> State =
        from texts in Text.Array[7]
        from maybes in Maybe.Array[4]
        from numbers in Gen.Long.Array[3]
        from phase in Phase
        from since in Time
        from flags in Flag.Array[2]
        from labels in Labels
        from previous in Gen.OneOf(Gen.Const((VmPhase?)null), Phase.Select(it => (VmPhase?)it))
        from meta in ReplyTo
        select new VmStateMessage
        {
            InstanceId = texts[0],
            State = phase,
            Since = since,
            Node = texts[1],
            Os = texts[2],
            Cpu = numbers[0],
            Ram = texts[3],
            Disk = maybes[0],
            Network = texts[4],
            Name = texts[5],
            Model = maybes[1],
            Labels = labels,
            RecordSession = flags[0],
            Incarnation = numbers[1],
            Revision = numbers[2],
            Reason = maybes[2],
            Owner = maybes[3],
            Broadcast = flags[1],
            Previous = previous,
            Meta = meta,
        };

    private static readonly Gen<LogEntry> Entry = Gen.OneOf(
        Gen.Select(Gen.Long, Maybe, Maybe, Maybe, Maybe).Select(it => new LogEntry
        {
            Seq = it.Item1,
            Timestamp = it.Item2,
            Received = it.Item3,
            Stream = it.Item4,
            Msg = it.Item5,
        }),
        Gen.Select(Gen.Long, Gen.Long).Select(it => new LogEntry { Gap = new LogGap(it.Item1, it.Item2) }));

    public static readonly Gen<ModelLog> Log = Gen.Select(Text, Entry.Array[0, 4], Whole, ReplyTo)
        .Select(it => new ModelLog { Source = it.Item1, Payload = it.Item2, Next = it.Item3, Meta = it.Item4 });

    private static readonly Gen<RecordingReply> Recording = Gen.Select(Text, Text, Text, Time, Gen.Long[0, 1_000_000_000_000], Gen.Long.Array[3], Text.Array[0, 4], ReplyTo).Select(it => new RecordingReply
    {
        InstanceId = it.Item1,
        Node = it.Item2,
        Name = it.Item3,
        Started = it.Item4,
        DurationS = it.Item5 / 1_000_000m,
        OutputBytes = it.Item6[0],
        Inputs = it.Item6[1],
        Gaps = it.Item6[2],
        Parts = [.. it.Item7.Select((text, at) => new RecordingPart(at + 1, it.Item4, text.Length))],
        Header = JsonSerializer.SerializeToElement(new { version = 2, title = it.Item3 }),
        Events = new RecordingEvents(Bytes($"[{string.Join(',', it.Item7.Select((text, at) => $"[{at}.5, \"o\", {JsonSerializer.Serialize(text)}]"))}]")),
        More = it.Item5 % 2 == 0,
        Next = it.Item2,
        Meta = it.Item8,
    });

    private static readonly Gen<NodeRoom?> Room = Gen.OneOf(
        Gen.Const((NodeRoom?)null),
        Gen.Select(Gen.Long.Array[4], Text.Array[4]).Select(it => (NodeRoom?)new NodeRoom
        {
            Vms = it.Item1[0],
            VmsMax = it.Item1[1],
            Vcpus = it.Item1[2],
            VcpusLeft = it.Item1[3],
            Ram = it.Item2[0],
            RamLeft = it.Item2[1],
            Disk = it.Item2[2],
            DiskLeft = it.Item2[3],
        }));

    private static readonly Gen<NodeInfo> Node = Gen.Select(Text, Text, Time, Maybe, Maybe, Labels, Room).Select(it => new NodeInfo
    {
        Name = it.Item1,
        State = it.Item2,
        Since = it.Item3,
        Trouble = it.Item4,
        Cordon = it.Item5 is null ? null : new NodeCordonInfo { Since = it.Item3, Reason = it.Item5 },
        Drain = it.Item5 is null || it.Item4 is null ? null : new NodeDrainInfo { VmsLeft = it.Item5.Length, Staying = it.Item1.Length == 0 ? null : [new NodeStayInfo { Reason = it.Item1, Vms = 1 }] },
        Labels = it.Item6,
        Room = it.Item7,
        Images = it.Item4 is null ? null : [it.Item4],
    });

    public static readonly Gen<ServerMessage> Server = Gen.OneOf<ServerMessage>(
        State.Select(state => (ServerMessage)state),
        Gen.Select(Text, Phase, Whole, ReplyTo).Select(it => (ServerMessage)new VmCreated
        {
            InstanceId = it.Item1,
            State = it.Item2,
            Incarnation = it.Item3,
            Meta = it.Item4,
        }),
        Gen.Select(Gen.OneOf("vm/delete", "vm/start", "vm/stop", "vm/suspend", "vm/resume", "vm/reboot", "vm/state", "terminal/input", "terminal/resize", "terminal/detach", "log/unsubscribe"), Text, Whole, ReplyTo)
            .Select(it => (ServerMessage)new OkReply(it.Item1) { InstanceId = it.Item2, Incarnation = it.Item3, Meta = it.Item4 }),
        Gen.Select(State.Array[0, 4], ReplyTo).Select(it => (ServerMessage)new VmListReply { Instances = it.Item1, Meta = it.Item2 }),
        Gen.Select(Text, Text, Text, Text, Gen.Long, ReplyTo).Select(it => (ServerMessage)new AttachReply
        {
            InstanceId = it.Item1,
            Session = it.Item2,
            Mode = it.Item3,
            Attach = it.Item4,
            Incarnation = it.Item5,
            Meta = it.Item6,
        }),
        Gen.Select(Text, Gen.Long, Maybe, Maybe, Gen.Bool, Gen.Long, ReplyTo).Select(it => (ServerMessage)new ExecReply
        {
            InstanceId = it.Item1,
            ExitCode = it.Item2,
            Stdout = it.Item3,
            StderrB64 = it.Item4,
            Truncated = it.Item5,
            Incarnation = it.Item6,
            Meta = it.Item7,
        }),
        Gen.Select(Text, Gen.Long, Gen.Long, ReplyTo).Select(it => (ServerMessage)new LogSubscribed
        {
            InstanceId = it.Item1,
            Next = it.Item2,
            Incarnation = it.Item3,
            Meta = it.Item4,
        }),
        Gen.Select(Node.Array[0, 3], ReplyTo).Select(it => (ServerMessage)new NodeListReply { Nodes = it.Item1, Meta = it.Item2 }),
        Gen.Select(Gen.OneOf("node/cordon", "node/drain", "node/resume"), Text, ReplyTo).Select(it => (ServerMessage)new NodeReply(it.Item1) { Node = it.Item2, Meta = it.Item3 }),
        Log.Select(log => (ServerMessage)log),
        Recording.Select(recording => (ServerMessage)recording),
        Gen.Select(Text, Text, Flag, ReplyTo)
            .Select(it => (ServerMessage)new TerminalOutput { InstanceId = it.Item1, DataB64 = it.Item2, Reset = it.Item3, Meta = it.Item4 }),
        Gen.Select(Time, ReplyTo).Select(it => (ServerMessage)new HeartbeatReply { Time = it.Item1, Meta = it.Item2 }),
        Time.Select(time => (ServerMessage)new HeartbeatRequest { Time = time }),
        Gen.Select(Gen.OneOf(Enum.GetValues<ErrorCode>()), Text, Maybe, Maybe, Maybe, Maybe, ReplyTo)
            .Select(it => (ServerMessage)new ErrorMessage
            {
                Code = it.Item1,
                Message = it.Item2,
                InstanceId = it.Item3,
                Rule = it.Item4,
                Policy = it.Item5,
                ErrorId = it.Item6,
                Meta = it.Item7,
            }),
        Gen.Select(Gen.Bool, Maybe, Maybe, Text.Array[0, 4], Gen.OneOf(Gen.Const((DateTimeOffset?)null), Time.Select(it => (DateTimeOffset?)it)), ReplyTo)
            .Select(it => (ServerMessage)new Authorize
            {
                Granted = it.Item1,
                AgentFingerprint = it.Item2,
                Role = it.Item3,
                Permissions = it.Item1 ? it.Item4 : null,
                ExpiresAt = it.Item5,
                Code = it.Item1 ? null : ErrorCode.Unauthorized,
                Message = it.Item1 ? null : "no",
                Meta = it.Item6,
            }),
        Gen.Select(Gen.OneOf("null", "7", "-1.5e3", "\"a\\u0062\""), Gen.Int, Text)
            .Select(it => (ServerMessage)new JsonRpcErrorReply { IdJson = it.Item1, Code = it.Item2, Message = it.Item3 }));

    public static byte[] Bytes(string line) => Encoding.UTF8.GetBytes(line);
}
