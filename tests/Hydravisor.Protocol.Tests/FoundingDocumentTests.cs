using System.Text;

namespace Hydravisor.Protocol.Tests;

/// <summary>The example messages of the founding document, as they stand there.</summary>
public class FoundingDocumentTests
{
    private const string Create = """
        {
          "type": "vm/create",
          "os": "ubuntu-22.04",
          "cpu": 2,
          "ram": "4GB",
          "model": "ollama:llama3",
          "meta": {
            "name": "llama-sandbox",
            "record_session": true
          }
        }
        """;

    private const string Delete = """
        {
          "type": "vm/delete",
          "instance_id": "vm-23ac1a9d"
        }
        """;

    private const string State = """
        {
          "type": "vm/state",
          "instance_id": "vm-23ac1a9d",
          "query": true
        }
        """;

    private const string Attach = """
        {
          "type": "vm/attach-terminal",
          "instance_id": "vm-23ac1a9d",
          "role": "auditor"
        }
        """;

    private const string ModelLog = """
        {
          "type": "model/log",
          "source": "vm-23ac1a9d",
          "payload": [
            { "timestamp": "2025-05-29T20:15:42Z", "msg": "Agent initialized." },
            { "timestamp": "2025-05-29T20:15:50Z", "msg": "Received task input." }
          ]
        }
        """;

    private const string Error = """
        {
          "type": "mcp/error",
          "code": 403,
          "message": "Access denied: insufficient role permissions"
        }
        """;

    private static readonly VmCreate Created = new()
    {
        Os = "ubuntu-22.04",
        Cpu = 2,
        Ram = "4GB",
        Model = "ollama:llama3",
        Meta = new MessageMeta { Name = "llama-sandbox", RecordSession = true },
    };

    public static TheoryData<string, ClientMessage> Examples => new()
    {
        { Create, Created },
        { Delete, new VmDelete { InstanceId = "vm-23ac1a9d" } },
        { State, new VmStateQuery { InstanceId = "vm-23ac1a9d", Query = true } },
        { Attach, new VmAttachTerminal { InstanceId = "vm-23ac1a9d", Role = "auditor" } },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_decodes_byte_for_byte_as_it_stands(string example, ClientMessage expected) =>
        Assert.Equal(expected, Lines.Message(example));

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_decodes_with_its_lines_joined(string example, ClientMessage expected)
    {
        Assert.Equal(expected, Lines.Message(example.Replace("\n", "", StringComparison.Ordinal)));
        Assert.Equal(expected, Lines.Message(example.Replace("\n", "\r", StringComparison.Ordinal) + "\r"));
    }

    [Theory]
    [InlineData(ModelLog)]
    [InlineData(Error)]
    public void An_example_that_only_the_server_sends_is_refused_from_a_client(string example) =>
        Assert.Equal(ErrorCode.NotAllowed, Lines.Error(example).Code);

    [Fact]
    public void The_example_error_decodes_for_a_client()
    {
        var error = Assert.IsType<ErrorMessage>(LineCodec.DecodeServer(Encoding.UTF8.GetBytes(Error)));
        Assert.Equal((ErrorCode.Forbidden, "Access denied: insufficient role permissions"), (error.Code, error.Message));
    }
}
