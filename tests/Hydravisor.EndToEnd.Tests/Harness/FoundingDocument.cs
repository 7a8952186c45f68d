using System.Text;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>The example messages of the founding document, as they stand there but for the line ends.</summary>
internal static class FoundingDocument
{
    /// <summary>The VM that the examples are about.</summary>
    public const string ExampleId = "vm-23ac1a9d";

    /// <summary><c>vm/create</c></summary>
    public const string Create = """
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

    /// <summary><c>vm/delete</c></summary>
    public const string Delete = """
        {
          "type": "vm/delete",
          "instance_id": "vm-23ac1a9d"
        }
        """;

    /// <summary><c>vm/state</c></summary>
    public const string State = """
        {
          "type": "vm/state",
          "instance_id": "vm-23ac1a9d",
          "query": true
        }
        """;

    /// <summary><c>vm/attach-terminal</c></summary>
    public const string Attach = """
        {
          "type": "vm/attach-terminal",
          "instance_id": "vm-23ac1a9d",
          "role": "auditor"
        }
        """;

    /// <summary><c>model/log</c></summary>
    public const string ModelLog = """
        {
          "type": "model/log",
          "source": "vm-23ac1a9d",
          "payload": [
            { "timestamp": "2025-05-29T20:15:42Z", "msg": "Agent initialized." },
            { "timestamp": "2025-05-29T20:15:50Z", "msg": "Received task input." }
          ]
        }
        """;

    /// <summary><c>mcp/error</c></summary>
    public const string Error = """
        {
          "type": "mcp/error",
          "code": 403,
          "message": "Access denied: insufficient role permissions"
        }
        """;

    /// <summary>Sends the examples about a VM in the order in which they make sense, and checks each answer.</summary>
    /// <returns>The VM, which is deleted.</returns>
    public static async Task<string> WalkAsync(RawConnection connection)
    {
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
        return id;
    }

    /// <summary>An example as one line.</summary>
    public static byte[] Joined(string example) => Encoding.UTF8.GetBytes(example.Replace("\n", "", StringComparison.Ordinal) + "\n");
}
