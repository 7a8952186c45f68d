using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>The example messages of the founding document, as they stand there but for the line ends, over a raw socket.</summary>
public class FoundingDocumentTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    private const string ExampleId = "vm-23ac1a9d";

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

    [Fact]
    [Covers("vm/create", "vm/state", "vm/attach-terminal", "vm/delete")]
    public async Task The_examples_create_show_attach_and_delete_a_vm()
    {
        var connection = await ConnectAsync();
        await connection.SendBytesAsync(Joined(Create));
        var created = await connection.LineAsync(line => line.Type() is "vm/create" or "mcp/error", "the answer to the example vm/create");
        var id = created.MustBeOk("vm/create").Id();
        Assert.Equal("provisioning", created.Text("state"));
        Assert.False(created.Has("meta"), "It bore no request_id, so its answer bears none.");
        await connection.BroadcastAsync(id, "running");

        await connection.SendBytesAsync(Joined(State.Replace(ExampleId, id, StringComparison.Ordinal)));
        var state = await connection.LineAsync(line => line.Type() == "vm/state" && !line.Flag("broadcast"), "the answer to the example vm/state");
        Assert.Equal(
            ("running", "ubuntu-22.04", 2, "4GB", "llama-sandbox", "ollama:llama3", true),
            (state.Text("state"), state.Text("os"), state.Number("cpu"), state.Text("ram"), state.Text("name"), state.Text("model"), state.Flag("record_session")));

        await connection.SendBytesAsync(Joined(Attach.Replace(ExampleId, id, StringComparison.Ordinal)));
        var attached = await connection.LineAsync(line => line.Type() == "vm/attach-terminal", "the answer to the example vm/attach-terminal");
        Assert.Equal(($"hydravisor-{id}", "read-only"), (attached.MustBeOk("vm/attach-terminal").Text("session"), attached.Text("mode")));

        await connection.SendBytesAsync(Joined(Delete.Replace(ExampleId, id, StringComparison.Ordinal)));
        var deleted = await connection.LineAsync(line => line.Type() == "vm/delete", "the answer to the example vm/delete");
        Assert.Equal(id, deleted.MustBeOk("vm/delete").Id());
        await connection.BroadcastAsync(id, "deleted");
    }

    [Theory]
    [InlineData(State)]
    [InlineData(Attach)]
    [InlineData(Delete)]
    public async Task An_example_about_a_vm_that_is_not_there_is_answered_404(string example)
    {
        var connection = await ConnectAsync();
        await connection.SendBytesAsync(Joined(example));
        var error = (await connection.NextAsync()).MustBeError(404, ExampleId);
        Assert.Equal(ExampleId, error.Id());
    }

    [Theory]
    [InlineData(ModelLog)]
    [InlineData(Error)]
    [Covers("model/log", "mcp/error")]
    public async Task An_example_that_only_the_server_sends_is_answered_405(string example)
    {
        var connection = await ConnectAsync();
        await connection.SendBytesAsync(Joined(example));
        (await connection.NextAsync()).MustBeError(405, "server");
    }

    [Fact]
    public async Task An_example_sent_with_its_line_ends_is_answered_400_line_by_line_and_the_connection_lives_on()
    {
        var connection = await ConnectAsync();
        await connection.SendBytesAsync(Encoding.UTF8.GetBytes(State + "\n"));
        foreach (var _ in State.Split('\n'))
        {
            (await connection.NextAsync()).MustBeError(400);
        }

        (await connection.AskAsync("""{"type":"vm/list"}""")).MustBeOk("vm/list");
    }

    private static byte[] Joined(string example) => Encoding.UTF8.GetBytes(example.Replace("\n", "", StringComparison.Ordinal) + "\n");
}
