using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>The example messages of the founding document, as they stand there but for the line ends, over a raw socket.</summary>
public class FoundingDocumentTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    [Fact]
    [Covers("vm/create", "vm/state", "vm/attach-terminal", "vm/delete")]
    public async Task The_examples_create_show_attach_and_delete_a_vm()
    {
        var connection = await ConnectAsync();
        await FoundingDocument.WalkAsync(connection);
    }

    [Theory]
    [InlineData(FoundingDocument.State)]
    [InlineData(FoundingDocument.Attach)]
    [InlineData(FoundingDocument.Delete)]
    public async Task An_example_about_a_vm_that_is_not_there_is_answered_404(string example)
    {
        var connection = await ConnectAsync();
        await connection.SendBytesAsync(FoundingDocument.Joined(example));
        var error = (await connection.NextAsync()).MustBeError(404, FoundingDocument.ExampleId);
        Assert.Equal(FoundingDocument.ExampleId, error.Id());
    }

    [Theory]
    [InlineData(FoundingDocument.ModelLog)]
    [InlineData(FoundingDocument.Error)]
    [Covers("model/log", "mcp/error")]
    public async Task An_example_that_only_the_server_sends_is_answered_405(string example)
    {
        var connection = await ConnectAsync();
        await connection.SendBytesAsync(FoundingDocument.Joined(example));
        (await connection.NextAsync()).MustBeError(405, "server");
    }

    [Fact]
    public async Task An_example_sent_with_its_line_ends_is_answered_400_line_by_line_and_the_connection_lives_on()
    {
        var connection = await ConnectAsync();
        await connection.SendBytesAsync(Encoding.UTF8.GetBytes(FoundingDocument.State + "\n"));
        foreach (var _ in FoundingDocument.State.Split('\n'))
        {
            (await connection.NextAsync()).MustBeError(400);
        }

        (await connection.AskAsync("""{"type":"vm/list"}""")).MustBeOk("vm/list");
    }
}
