using System.Globalization;
using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary><c>log/*</c> and <c>model/log</c>. What a guest writes to its log port is written here into the file that its hypervisor would write.</summary>
public class LogTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    [Fact]
    [Covers("model/log", "log/subscribe")]
    public async Task The_founding_documents_two_lines_come_with_their_own_timestamps()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync("log/subscribe", id)).MustBeOk("log/subscribe");
        await GuestWritesAsync(id, """
            {"timestamp":"2025-05-29T20:15:42Z","msg":"Agent initialized."}
            {"timestamp":"2025-05-29T20:15:50Z","msg":"Received task input.","step":1}

            """);
        var lines = await EntriesAsync(connection, id, entry => entry.Text("stream") == "guest", 2);
        Assert.Equal(["2025-05-29T20:15:42Z", "2025-05-29T20:15:50Z"], lines.Select(line => line.Text("timestamp")));
        Assert.Equal(["Agent initialized.", "Received task input."], lines.Select(line => line.Text("msg")));
        Assert.Equal(1, lines[1].GetProperty("fields").Number("step"));
    }

    [Fact]
    [Covers("log/query")]
    public async Task A_log_tells_the_life_and_the_console_of_its_vm_by_numbers_without_holes()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        var entries = await UntilAsync(connection, id, entry => entry.Text("msg")!.StartsWith("hydravisor: ready", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(1, entries.Count).Select(seq => (long)seq), entries.Select(entry => entry.Number("seq")));
        Assert.Equal(["console", "lifecycle"], entries.Select(entry => entry.Text("stream")!).Distinct().Order());
        Assert.Contains(entries, entry => entry.Text("stream") == "lifecycle" && entry.Text("msg")!.StartsWith("created from tiny", StringComparison.Ordinal));
        var one = await connection.AskAsync("log/query", id, "\"from\":2,\"limit\":1");
        Assert.Equal((2, 3, id), (one.GetProperty("payload")[0].Number("seq"), one.Number("next"), one.Text("source")));
        var last = await connection.AskAsync("log/query", id, "\"from\":\"tail\",\"limit\":1");
        Assert.Equal(last.Number("next") - 1, Assert.Single(last.GetProperty("payload").EnumerateArray()).Number("seq"));
        var beyond = await connection.AskAsync("log/query", id, "\"from\":1000000");
        Assert.Empty(beyond.GetProperty("payload").EnumerateArray());
    }

    [Fact]
    public async Task One_who_resumes_at_a_number_gets_every_entry_once()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        await GuestWritesAsync(id, string.Concat(Enumerable.Range(1, 500).Select(number => $"line {number}\n")));
        var first = await ConnectAsync();
        (await first.AskAsync("log/subscribe", id, "\"from\":\"start\"")).MustBeOk("log/subscribe");
        var before = await EntriesAsync(first, id, IsGuest, 200);
        var second = await ConnectAsync();
        (await second.AskAsync("log/subscribe", id, $"\"from\":{before[^1].Number("seq") + 1}")).MustBeOk("log/subscribe");
        await GuestWritesAsync(id, string.Concat(Enumerable.Range(501, 500).Select(number => $"line {number}\n")));
        var after = await EntriesAsync(second, id, IsGuest, 800);
        Assert.Equal(Enumerable.Range(1, 1000).Select(number => $"line {number}"), before.Concat(after).Select(entry => entry.Text("msg")));
    }

    [Fact]
    [Covers("log/unsubscribe")]
    public async Task Nothing_comes_after_an_unsubscribe()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync("log/subscribe", id, "\"from\":\"start\"")).MustBeOk("log/subscribe");
        (await connection.AskAsync("log/unsubscribe", id)).MustBeOk("log/unsubscribe");
        var there = connection.Unread.Count(line => line.Type() == "model/log");
        await GuestWritesAsync(id, "unheard\n");
        await UntilAsync(connection, id, entry => entry.Text("msg") == "unheard");
        Assert.Equal(there, connection.Unread.Count(line => line.Type() == "model/log"));
        (await connection.AskAsync("log/unsubscribe", id)).MustBeOk("log/unsubscribe");
    }

    [Fact]
    public async Task The_log_of_a_deleted_vm_tells_so_and_ends()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync("log/subscribe", id)).MustBeOk("log/subscribe");
        await connection.BringAsync("vm/delete", id, "deleted");
        await EntriesAsync(connection, id, entry => entry.Text("msg") == "deleted", 1);
        (await connection.LineAsync(line => line.Type() == "mcp/error", "the end of the log")).MustBeError(404, id);
        (await connection.AskAsync("log/subscribe", id)).MustBeError(404, id);
        (await connection.AskAsync("log/query", id)).MustBeError(404, id);
    }

    [Theory]
    [InlineData("log/subscribe", "\"from\":0", 422, "sequence number")]
    [InlineData("log/subscribe", "\"from\":\"end\"", 422, "tail")]
    [InlineData("log/subscribe", "\"from\":[]", 400, "from")]
    [InlineData("log/query", "\"from\":-1", 422, "sequence number")]
    [InlineData("log/query", "\"limit\":0", 422, "limit")]
    [InlineData("log/query", "\"limit\":10001", 422, "10000")]
    [InlineData("log/query", "\"limit\":\"all\"", 400, "limit")]
    public async Task A_place_that_cannot_be_is_refused(string type, string more, int code, string says)
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync(type, id, more)).MustBeError(code, says);
    }

    [Fact]
    public async Task Another_incarnation_and_an_unknown_vm_are_refused()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync("log/subscribe", id, "\"meta\":{\"incarnation\":7}")).MustBeError(409, "incarnation");
        (await connection.AskAsync("log/subscribe", "vm-00000000ffff")).MustBeError(404);
    }

    internal static bool IsGuest(JsonElement entry) => entry.Text("stream") == "guest";

    private Task GuestWritesAsync(string id, string text) => File.AppendAllTextAsync(Path.Combine(Node.Data, "vms", id, "log.0"), text);

    internal static async Task<IReadOnlyList<JsonElement>> EntriesAsync(RawConnection connection, string id, Func<JsonElement, bool> wanted, int count)
    {
        var entries = new List<JsonElement>();
        while (entries.Count < count)
        {
            var line = await connection.LineAsync(
                line => line.Type() == "model/log" && line.Text("source") == id && line.RequestId() is null,
                string.Create(CultureInfo.InvariantCulture, $"{count} entries of {id}, {entries.Count} came"));
            entries.AddRange(line.GetProperty("payload").EnumerateArray().Where(wanted));
        }

        return entries.GetRange(0, count);
    }

    // All entries from the first on, asked for again and again until the wanted one is there.
    private static async Task<IReadOnlyList<JsonElement>> UntilAsync(RawConnection connection, string id, Func<JsonElement, bool> wanted) =>
        await Patience.UntilAsync(
            async () => (await connection.AskAsync("log/query", id, "\"limit\":10000")).GetProperty("payload").EnumerateArray().ToList(),
            entries => entries.Exists(entry => wanted(entry)),
            entries => $"The log of {id} does not come to the wanted entry: {string.Join('\n', entries)}");
}
