using System.Text;
using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Terminals over the wire, as far as simulated guests carry them: what is typed is echoed.</summary>
public class TerminalTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    [Fact]
    [Covers("terminal/input", "terminal/output")]
    public async Task What_an_operator_types_comes_on_every_screen()
    {
        var first = await ConnectAsync();
        var id = await first.CreateRunningAsync();
        var second = await ConnectAsync();
        var auditor = await ConnectAsync();
        await AttachAsync(first, id, "operator");
        await AttachAsync(second, id, "operator");
        await AttachAsync(auditor, id, "auditor");
        (await first.AskAsync("terminal/input", id, "\"data\":\"from the first\\r\"")).MustBeOk("terminal/input");
        (await second.AskAsync("terminal/input", id, $"\"data_b64\":\"{Convert.ToBase64String("from the second\r"u8)}\"")).MustBeOk("terminal/input");
        foreach (var screen in new[] { first, second, auditor })
        {
            await SeeAsync(screen, id, "from the second");
        }
    }

    [Fact]
    [Covers("terminal/resize", "terminal/detach")]
    public async Task An_auditor_can_neither_type_nor_resize_and_may_leave()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        await AttachAsync(connection, id, "auditor");
        (await connection.AskAsync("terminal/input", id, "\"data\":\"x\"")).MustBeError(403, "auditor");
        (await connection.AskAsync("terminal/resize", id, "\"cols\":100,\"rows\":30")).MustBeError(403, "auditor");
        (await connection.AskAsync("terminal/detach", id)).MustBeOk("terminal/detach");
        (await connection.AskAsync("terminal/detach", id)).MustBeOk("terminal/detach");
        await AttachAsync(connection, id, "operator");
        (await connection.AskAsync("terminal/resize", id, "\"cols\":100,\"rows\":30")).MustBeOk("terminal/resize");
        (await connection.AskAsync("terminal/input", id, "\"data\":\"x\"")).MustBeOk("terminal/input");
    }

    [Fact]
    public async Task One_who_is_not_attached_is_told_how()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync("terminal/input", id, "\"data\":\"x\"")).MustBeError(409, "vm/attach-terminal", "stream");
        (await connection.AskAsync("terminal/resize", id, "\"cols\":100,\"rows\":30")).MustBeError(409, "vm/attach-terminal");
        (await connection.AskAsync("terminal/input", "vm-00000000ffff", "\"data\":\"x\"")).MustBeError(404);
        await AttachAsync(connection, id, "operator");
        (await connection.AskAsync("terminal/detach", id)).MustBeOk("terminal/detach");
        (await connection.AskAsync("terminal/input", id, "\"data\":\"x\"")).MustBeError(409, "vm/attach-terminal");
    }

    [Theory]
    [InlineData("terminal/input", "", 400, "data_b64")]
    [InlineData("terminal/input", "\"data\":\"x\",\"data_b64\":\"eA==\"", 400, "both")]
    [InlineData("terminal/input", "\"data_b64\":\"not base64\"", 422, "base64")]
    [InlineData("terminal/resize", "\"cols\":80", 400, "rows")]
    [InlineData("terminal/resize", "\"cols\":0,\"rows\":24", 422, "500")]
    [InlineData("terminal/resize", "\"cols\":80,\"rows\":301", 422, "300")]
    [InlineData("vm/attach-terminal", "\"role\":\"operator\",\"stream\":true,\"cols\":80", 400, "rows")]
    [InlineData("vm/attach-terminal", "\"role\":\"operator\",\"stream\":true,\"cols\":80,\"rows\":100000", 422, "300")]
    public async Task What_cannot_be_is_refused(string type, string more, int code, string says)
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        await AttachAsync(connection, id, "operator");
        (await connection.AskAsync(type, id, more)).MustBeError(code, says);
    }

    [Fact]
    public async Task More_than_64_KiB_cannot_be_typed_at_once()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        await AttachAsync(connection, id, "operator");
        (await connection.AskAsync("terminal/input", id, $"\"data\":\"{new string('x', 65537)}\"")).MustBeError(422, "65536");
        (await connection.AskAsync("terminal/input", id, $"\"data_b64\":\"{Convert.ToBase64String(new byte[65537])}\"")).MustBeError(422, "65536");
    }

    [Fact]
    public async Task The_terminal_of_a_deleted_vm_ends()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        await AttachAsync(connection, id, "auditor");
        await connection.BringAsync("vm/delete", id, "deleted");
        (await connection.LineAsync(line => line.Type() == "mcp/error", "the end of the terminal")).MustBeError(409, id);
    }

    internal static async Task AttachAsync(RawConnection connection, string id, string role)
    {
        (await connection.AskAsync("vm/attach-terminal", id, $"\"role\":\"{role}\",\"stream\":true,\"cols\":80,\"rows\":24")).MustBeOk("vm/attach-terminal");
        var first = await OutputAsync(connection, id);
        Assert.True(first.Flag("reset"), $"The first output draws the screen: {first.GetRawText()}");
    }

    private static Task<JsonElement> OutputAsync(RawConnection connection, string id) =>
        connection.LineAsync(line => line.Type() == "terminal/output" && line.Text("instance_id") == id, $"output of the terminal of {id}");

    internal static async Task SeeAsync(RawConnection connection, string id, string text)
    {
        var seen = new StringBuilder();
        while (!seen.ToString().Contains(text, StringComparison.Ordinal))
        {
            seen.Append(Encoding.UTF8.GetString((await OutputAsync(connection, id)).GetProperty("data_b64").GetBytesFromBase64()));
        }
    }
}
