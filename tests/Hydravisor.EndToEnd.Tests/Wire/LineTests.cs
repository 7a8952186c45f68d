using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Lines, good and broken, and how a connection outlives them.</summary>
public class LineTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    private const string Heartbeat = """{"type":"mcp/heartbeat"}""";

    [Theory]
    [InlineData("hello", "JSON")]
    [InlineData("{", "")]
    [InlineData("[]", "object")]
    [InlineData("5", "object")]
    [InlineData("null", "object")]
    [InlineData("\"text\"", "object")]
    [InlineData("{}", "type")]
    [InlineData("""{"type":5}""", "type")]
    [InlineData("""{"type":null}""", "type")]
    [InlineData("""{"type":"vm/dance"}""", "vm/dance")]
    [InlineData("""{"type":"mcp/heartbeat"} x""", "")]
    [InlineData("""{"type":"mcp/heartbeat"}{"type":"mcp/heartbeat"}""", "")]
    [InlineData("""{"type":"mcp/heartbeat","type":"mcp/heartbeat"}""", "type")]
    [InlineData("""{"type":"vm/state"}""", "instance_id")]
    [InlineData("""{"type":"vm/state","instance_id":5}""", "instance_id")]
    [InlineData("""{"type":"mcp/heartbeat","meta":5}""", "meta")]
    [InlineData("""{"type":"mcp/heartbeat","meta":{"request_id":""}}""", "request_id")]
    [InlineData("""{"type":"mcp/heartbeat","meta":{"request_id":7}}""", "request_id")]
    public async Task A_broken_line_is_400_and_the_connection_lives_on(string line, string says)
    {
        var connection = await ConnectAsync();
        await connection.SendAsync(line);
        (await connection.NextAsync()).MustBeError(400, says);
        (await connection.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
    }

    [Fact]
    public async Task A_line_of_bytes_that_are_no_text_is_400_and_the_connection_lives_on()
    {
        var connection = await ConnectAsync();
        await connection.SendBytesAsync((byte[])[0xff, 0xfe, 0x00, 0x80, (byte)'\n']);
        (await connection.NextAsync()).MustBeError(400);
        await connection.SendBytesAsync((byte[])[.. "{\"type\":\"vm/list\",\"state\":\""u8, 0xc3, 0x28, .. "\"}\n"u8]);
        (await connection.NextAsync()).MustBeError(400, "UTF-8");
        (await connection.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
    }

    [Fact]
    public async Task An_error_finds_the_request_id_and_the_instance_of_a_line_that_was_no_message()
    {
        var connection = await ConnectAsync();
        await connection.SendAsync("""{"meta":{"request_id":"lost"},"instance_id":"vm-0123456789ab","type":"vm/dance"}""");
        var error = (await connection.ReplyAsync("lost")).MustBeError(400);
        Assert.Equal("vm-0123456789ab", error.Id());
    }

    [Theory]
    [InlineData("mcp/authorize")]
    [InlineData("model/log")]
    [InlineData("mcp/error")]
    [InlineData("terminal/output")]
    [Covers("mcp/authorize", "model/log", "mcp/error", "terminal/output")]
    public async Task What_only_the_server_sends_is_405(string type)
    {
        var connection = await ConnectAsync();
        (await connection.AskAsync($$"""{"type":"{{type}}"}""")).MustBeError(405, type);
    }

    [Fact]
    public async Task A_line_of_the_other_protocol_gets_a_json_rpc_error()
    {
        var connection = await ConnectAsync();
        await connection.SendAsync("""{"jsonrpc":"2.0","id":"a-1","method":"initialize","params":{}}""");
        var error = await connection.NextAsync();
        Assert.Equal(("2.0", "a-1", -32601), (error.Text("jsonrpc"), error.Text("id"), error.GetProperty("error").Number("code")));
        (await connection.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
    }

    [Fact]
    public async Task Empty_lines_carriage_returns_and_unknown_fields_do_no_harm()
    {
        var connection = await ConnectAsync();
        await connection.SendBytesAsync("\n\r\n\n{\"type\":\"mcp/heartbeat\",\"later\":{\"x\":[1,2]},\"meta\":{\"request_id\":\"cr\"}}\r\n\n"u8.ToArray());
        (await connection.NextAsync()).MustBeOk("mcp/heartbeat");
        Assert.Empty(connection.Unread);
    }

    [Fact]
    public async Task A_line_of_the_longest_length_is_read_and_one_byte_more_is_413_and_the_connection_lives_on()
    {
        const int Longest = 1024 * 1024;
        var connection = await ConnectAsync();
        await connection.SendBytesAsync(Padded(Longest, "fits"));
        (await connection.ReplyAsync("fits")).MustBeOk("mcp/heartbeat");
        await connection.SendBytesAsync(Padded(Longest + 1, "too-long"));
        (await connection.NextAsync()).MustBeError(413, (Longest + 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
        (await connection.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
    }

    [Fact]
    public async Task A_line_of_many_megabytes_is_skipped_without_being_held()
    {
        var connection = await ConnectAsync();
        var before = Resident();
        var megabyte = new byte[1024 * 1024];
        megabyte.AsSpan().Fill((byte)'x');
        for (var i = 0; i < 200; i++)
        {
            await connection.SendBytesAsync(megabyte);
        }

        await connection.SendAsync("");
        (await connection.NextAsync()).MustBeError(413);
        (await connection.AskAsync(Heartbeat)).MustBeOk("mcp/heartbeat");
        Assert.InRange(Resident() - before, long.MinValue, 120L << 20);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("")]
    public async Task Who_sends_no_more_gets_the_answer_and_then_the_end(string lineEnd)
    {
        for (var i = 0; i < 20; i++)
        {
            await using var connection = await Node.ConnectAsync();
            await connection.SendBytesAsync(Encoding.UTF8.GetBytes("""{"type":"vm/list","meta":{"request_id":"last"}}""" + lineEnd));
            connection.HalfClose();
            (await connection.ReplyAsync("last")).MustBeOk("vm/list");
            Assert.Equal(ConnectionEnd.Closed, await connection.EndAsync());
        }
    }

    [Fact]
    public async Task A_create_as_the_last_word_is_answered_too()
    {
        await using var connection = await Node.ConnectAsync();
        await connection.SendBytesAsync("""{"type":"vm/create","os":"tiny","meta":{"request_id":"last-create"}}"""u8.ToArray());
        connection.HalfClose();
        (await connection.ReplyAsync("last-create")).MustBeOk("vm/create");
        Assert.Equal(ConnectionEnd.Closed, await connection.EndAsync());
    }

    [Fact]
    public async Task Who_says_nothing_and_closes_gets_the_end()
    {
        await using var connection = await Node.ConnectAsync();
        connection.HalfClose();
        Assert.Equal(ConnectionEnd.Closed, await connection.EndAsync());
        Assert.Empty(connection.Unread);
    }

    [Fact]
    public async Task A_message_in_single_bytes_is_a_message()
    {
        var connection = await ConnectAsync();
        foreach (var one in Encoding.UTF8.GetBytes("""{"type":"mcp/heartbeat","meta":{"request_id":"drop-by-drop"}}""" + "\n"))
        {
            await connection.SendBytesAsync(new[] { one });
        }

        (await connection.ReplyAsync("drop-by-drop")).MustBeOk("mcp/heartbeat");
    }

    private long Resident() =>
        long.Parse(File.ReadAllText($"/proc/{Node.ProcessId}/statm").Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    private static byte[] Padded(int length, string requestId)
    {
        var head = Encoding.UTF8.GetBytes($$$"""{"type":"mcp/heartbeat","meta":{"request_id":"{{{requestId}}}"},"pad":""" + "\"");
        byte[] line = [.. head, .. Enumerable.Repeat((byte)'x', length - head.Length - 2), .. "\"}"u8];
        Assert.Equal(length, line.Length);
        return [.. line, (byte)'\n'];
    }
}
