using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary><c>recording/query</c>.</summary>
public sealed class RecordingTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    private const string Recorded = "\"meta\":{\"record_session\":true}";

    [Fact]
    [Covers("recording/query")]
    public async Task A_recording_is_read_in_pieces_as_one_asciicast_file_also_when_its_vm_is_gone()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync(Recorded);
        await TerminalTests.AttachAsync(connection, id, "operator");
        (await connection.AskAsync("terminal/input", id, "\"data\":\"hello\\r\"")).MustBeOk("terminal/input");
        await TerminalTests.SeeAsync(connection, id, "hello");
        await Patience.UntilAsync(
            () => ReadAsync(connection, id, 10_000), read => Shown(read.Events).Contains("hello", StringComparison.Ordinal), read => $"It is not recorded: {string.Join('\n', read.Events)}");
        await connection.BringAsync("vm/delete", id, "deleted");
        var (whole, events) = await ReadAsync(connection, id, 10_000);
        Assert.Equal((id, 1), (whole.Text("instance_id"), whole.GetProperty("parts").GetArrayLength()));
        Assert.Equal(2, whole.GetProperty("header").Number("version"));
        Assert.Contains(events, each => each.Contains("\"u\", \"anonymous\"", StringComparison.Ordinal));
        Assert.Equal(whole.Number("inputs"), events.Count(each => each.Contains("\"i\", ", StringComparison.Ordinal)));
        Assert.Equal(events, (await ReadAsync(connection, id, 1)).Events);
        Assert.Equal(
            events.Where(each => !each.Contains("\"u\", ", StringComparison.Ordinal) && !each.Contains("\"i\", ", StringComparison.Ordinal)),
            (await ReadAsync(connection, id, 10_000, ",\"input\":false,\"part\":1")).Events);
        (await connection.AskAsync("recording/query", id, "\"part\":2")).MustBeError(404, "no part 2; it has 1");
        (await connection.AskAsync("recording/query", id, "\"node\":\"elsewhere\"")).MustBeError(404, "'elsewhere'");
    }

    [Fact]
    public async Task What_was_not_recorded_is_not_found()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync("recording/query", id)).MustBeError(404, id, "record_session");
        (await connection.AskAsync("recording/query", "vm-00000000ffff")).MustBeError(404);
    }

    private static string Shown(IEnumerable<string> events) => string.Concat(events.Select(each => JsonDocument.Parse(each).RootElement)
        .Where(each => each[1].GetString() == "o").Select(each => each[2].GetString()));

    private static async Task<(JsonElement First, IReadOnlyList<string> Events)> ReadAsync(RawConnection connection, string id, int limit, string more = "")
    {
        var (first, events, from) = ((JsonElement?)null, new List<string>(), "");
        while (true)
        {
            var answer = (await connection.AskAsync("recording/query", id, $"\"limit\":{limit}{more}{from}")).MustBeOk("recording/query");
            first ??= answer;
            events.AddRange(answer.GetProperty("events").EnumerateArray().Select(each => each.GetRawText()));
            if (!answer.Flag("more"))
            {
                return (first.Value, events);
            }

            from = $",\"from\":\"{answer.Text("next")}\"";
        }
    }
}
