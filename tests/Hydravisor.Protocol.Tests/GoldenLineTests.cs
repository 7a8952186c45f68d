using System.Text.Json;

namespace Hydravisor.Protocol.Tests;

/// <summary>
/// Every server message as it stands on the wire, held in <c>server-lines.golden</c>. A line there that changes breaks clients:
/// new lines may come, old ones stay.
/// </summary>
public class GoldenLineTests
{
    private static readonly DateTimeOffset Since = new(2025, 5, 29, 22, 15, 42, 123, TimeSpan.FromHours(2));

    private static readonly VmStateMessage Least = new()
    {
        InstanceId = "vm-23ac1a9d",
        State = VmPhase.Running,
        Since = Since,
        Node = "node-1",
        Os = "tiny",
        Cpu = 1,
        Ram = "128MB",
        Network = "none",
        Name = "vm-23ac1a9d",
        Incarnation = 1,
        Revision = 4,
    };

    private static readonly VmStateMessage Most = Least with
    {
        Os = "ubuntu-22.04",
        State = VmPhase.Failed,
        Cpu = 2,
        Ram = "4GB",
        Disk = "20GB",
        Network = "user",
        Name = "llama-sandbox",
        Model = "ollama:llama3",
        Labels = new Dictionary<string, string> { ["team"] = "red" },
        RecordSession = true,
        Incarnation = 3,
        Revision = 17,
        Reason = "QEMU ended: \"signal 9\" <äöü 🐍>",
        Owner = "anonymous",
        Broadcast = true,
        Previous = VmPhase.Running,
    };

    private const string Fingerprint = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

    private static readonly ReplyMeta Meta = new() { RequestId = "r-1" };

    private static IEnumerable<ServerMessage> All =>
    [
        new VmCreated { InstanceId = "vm-23ac1a9d", State = VmPhase.Provisioning },
        new VmCreated { InstanceId = "vm-23ac1a9d", State = VmPhase.Running, Incarnation = 2, Meta = Meta },
        new OkReply("vm/delete") { InstanceId = "vm-23ac1a9d", Incarnation = 1 },
        new OkReply("vm/stop") { InstanceId = "vm-23ac1a9d", Incarnation = 2, Meta = Meta },
        new OkReply("vm/state") { InstanceId = "*", Meta = Meta },
        Least,
        Least with { Meta = Meta },
        Most,
        .. Enum.GetValues<VmPhase>().Select(phase => Least with { State = phase, Broadcast = true, Previous = phase }),
        new VmListReply { Instances = [] },
        new VmListReply { Instances = [Least, Most with { Broadcast = null, Previous = null }], Meta = Meta },
        new AttachReply
        {
            InstanceId = "vm-23ac1a9d",
            Session = "hydravisor-vm-23ac1a9d",
            Mode = "read-only",
            Attach = "tmux -S '/run/hydravisor/vm-23ac1a9d.tmux' attach -r",
            Incarnation = 1,
            Meta = Meta,
        },
        new ExecReply { InstanceId = "vm-23ac1a9d", ExitCode = 0, Stdout = "Linux\n", Stderr = "", Truncated = false, Incarnation = 1 },
        new ExecReply { InstanceId = "vm-23ac1a9d", ExitCode = 137, StdoutB64 = "/wA=", StderrB64 = "", Truncated = true, Incarnation = 2, Meta = Meta },
        new OkReply("terminal/input") { InstanceId = "vm-23ac1a9d", Incarnation = 1, Meta = Meta },
        new LogSubscribed { InstanceId = "vm-23ac1a9d", Next = 7, Incarnation = 1, Meta = Meta },
        new ModelLog
        {
            Source = "vm-23ac1a9d",
            Payload =
            [
                new LogEntry { Seq = 1, Timestamp = "2025-05-29T20:15:42Z", Stream = "guest", Msg = "Agent initialized." },
                new LogEntry { Gap = new LogGap(2, 5) },
            ],
        },
        new ModelLog { Source = "vm-23ac1a9d", Payload = [], Next = 6, Meta = Meta },
        new RecordingReply
        {
            InstanceId = "vm-23ac1a9d",
            Node = "node-1",
            Name = "llama-sandbox",
            Started = Since,
            DurationS = 2.5m,
            OutputBytes = 7,
            Inputs = 1,
            Gaps = 0,
            Parts = [new RecordingPart(2, Since, 312)],
            Header = JsonSerializer.SerializeToElement(new { version = 2, width = 80, height = 24 }),
            Events = new RecordingEvents("""[[1, "u", "anonymous"],[1, "i", "ls\r"],[2.5, "o", "\u001b[0mshown"]]"""u8.ToArray()),
            More = false,
            Next = "2:312:0",
            Meta = Meta,
        },
        new TerminalOutput { InstanceId = "vm-23ac1a9d", DataB64 = "G2NoZWxsbw==", Reset = true },
        new NodeListReply
        {
            Nodes =
            [
                new NodeInfo { Name = "node-1", State = "down" },
                new NodeInfo
                {
                    Name = "node-2",
                    State = "up",
                    Since = Since,
                    Trouble = "libvirt does not answer",
                    Cordon = new NodeCordonInfo { Since = Since, Reason = "a disk is to be changed" },
                    Labels = new Dictionary<string, string> { ["zone"] = "a" },
                    Room = new NodeRoom { Vms = 2, VmsMax = 1000, Vcpus = 8, VcpusLeft = 6, Ram = "20GB", RamLeft = "16GB", Disk = "100GB", DiskLeft = "0" },
                    Images = ["tiny"],
                },
                new NodeInfo
                {
                    Name = "node-3",
                    State = "up",
                    Since = Since,
                    Cordon = new NodeCordonInfo { Since = Since },
                    Drain = new NodeDrainInfo { VmsLeft = 3, Staying = [new NodeStayInfo { Reason = "it is suspended, and its memory would be lost: resume or stop it", Vms = 2 }] },
                },
            ],
            Meta = Meta,
        },
        new NodeReply("node/cordon") { Node = "node-2", Meta = Meta },
        new NodeReply("node/drain") { Node = "node-2", Meta = Meta },
        new HeartbeatReply { Time = Since, Meta = Meta },
        new HeartbeatRequest { Time = Since },
        new ErrorMessage { Code = ErrorCode.BadRequest, Message = "the line is not UTF-8" },
        new ErrorMessage { Code = ErrorCode.NotFound, Message = "no such instance", InstanceId = "vm-23ac1a9d", Meta = Meta },
        new ErrorMessage { Code = ErrorCode.Forbidden, Message = "denied", Rule = "default-deny", Policy = "sha256:00", Meta = Meta },
        new ErrorMessage { Code = ErrorCode.Internal, Message = "a defect of ours", ErrorId = "e-1" },
        new JsonRpcErrorReply { IdJson = "7", Message = "not here" },
        new Authorize
        {
            Granted = true,
            AgentFingerprint = Fingerprint,
            Role = "sandboxed",
            Permissions = ["vm/create", "vm/state"],
            SessionId = "s-1",
            ExpiresAt = Since,
        },
        new Authorize { Granted = false, Code = ErrorCode.Unauthorized, Message = "the signature is wrong" },
        new Authorize
        {
            Granted = false,
            AgentFingerprint = Fingerprint,
            Role = "trusted",
            Code = ErrorCode.Forbidden,
            Message = "no such role for this agent",
            Meta = Meta,
        },
    ];

    [Fact]
    public void Every_server_message_is_written_as_approved()
    {
        var actual = string.Concat(All.Select(message => Lines.Encode(message) + "\n"));
        var beside = Path.Combine(AppContext.BaseDirectory, "server-lines.actual");
        File.WriteAllText(beside, actual);
        var approved = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "server-lines.golden"));
        Assert.True(approved == actual, $"The lines differ from server-lines.golden; what came out is in {beside}.");
    }

    [Fact]
    public void Every_server_message_has_an_approved_line()
    {
        var records = typeof(ServerMessage).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ServerMessage)) && !type.IsAbstract);
        Assert.Empty(records.Except(All.Select(message => message.GetType())).Except([typeof(UnknownServerMessage)]));
    }

    [Fact]
    public void Every_approved_line_reads_for_a_client() =>
        Assert.All(
            All.Zip(File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "server-lines.golden"))),
            pair => Assert.IsType(pair.First.GetType(), LineCodec.DecodeServer(Messages.Bytes(pair.Second))));

    [Fact]
    public void A_client_reads_past_what_a_newer_server_adds()
    {
        Assert.Equal(
            new OkReply("vm/stop") { InstanceId = "vm-23ac1a9d", Incarnation = 2 },
            LineCodec.DecodeServer("""{"later":[1],"incarnation":2,"ok":true,"instance_id":"vm-23ac1a9d","type":"vm/stop"}"""u8));
        Assert.Equal(new UnknownServerMessage("model/later"), LineCodec.DecodeServer("""{"type":"model/later","payload":[]}"""u8));
        Assert.Equal(
            (ErrorCode)418,
            Assert.IsType<ErrorMessage>(LineCodec.DecodeServer("""{"type":"mcp/error","code":418,"message":"a teapot"}"""u8)).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"type":null}""")]
    [InlineData("""{"type":5}""")]
    [InlineData("""{"type":"vm/state"}""")]
    [InlineData("""{"type":"vm/create","ok":true,"instance_id":"vm-23ac1a9d","state":"dancing"}""")]
    [InlineData("""{"type":"mcp/heartbeat","time":"noon"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""")]
    [InlineData("""{"type":"vm/list","ok":true,"instances":[]} x""")]
    public void What_no_server_says_is_a_protocol_exception_for_a_client(string line) =>
        Assert.Throws<ProtocolException>(() => LineCodec.DecodeServer(Messages.Bytes(line)));

    [Fact]
    public void What_is_only_for_clients_eyes_cannot_be_written() =>
        Assert.Throws<ArgumentException>(() => Lines.Encode(new UnknownServerMessage("x")));
}
