using System.Globalization;
using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Many requests at once over one connection.</summary>
public class PipelineTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    private const int Many = 1000;

    [Fact]
    public async Task A_thousand_pipelined_requests_are_all_answered()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        var lines = new StringBuilder();
        for (var i = 0; i < Many; i++)
        {
            lines.Append((i % 5) switch
            {
                0 => Line("mcp/heartbeat", "", i),
                1 => Line("vm/state", $"\"instance_id\":\"{id}\",\"query\":true,", i),
                2 => Line("vm/list", "\"labels\":{\"no\":\"such\"},", i),
                3 => Line("vm/state", "\"instance_id\":\"vm-0123456789ab\",", i),
                _ => Line("vm/dance", "", i),
            });
        }

        await connection.SendBytesAsync(Encoding.UTF8.GetBytes(lines.ToString()));
        await AssertAnsweredOnceAsync(connection);
    }

    [Fact]
    public async Task A_thousand_pipelined_questions_with_long_answers_are_all_answered()
    {
        var connection = await ConnectAsync();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => connection.CreateRunningAsync()));
        var lines = string.Concat(Enumerable.Range(0, Many).Select(i => Line("vm/list", "", i)));
        await connection.SendBytesAsync(Encoding.UTF8.GetBytes(lines));
        await AssertAnsweredOnceAsync(connection);
    }

    [Fact]
    public async Task A_hundred_creates_at_once_all_run()
    {
        var connection = await ConnectAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => connection.CreateRunningAsync("\"ram\":\"64MB\"")));
        Assert.Equal(100, ids.Distinct().Count());
        await Task.WhenAll(ids.Select(id => connection.BringAsync("vm/delete", id, "deleted")));
    }

    private static string Line(string type, string fields, int number) => string.Create(
        CultureInfo.InvariantCulture, $$$"""{"type":"{{{type}}}",{{{fields}}}"meta":{"request_id":"p-{{{number}}}"}}""") + "\n";

    private static async Task AssertAnsweredOnceAsync(RawConnection connection)
    {
        var answered = new HashSet<string>();
        while (answered.Count < Many)
        {
            var line = await connection.LineAsync(line => line.RequestId() is not null, $"{Many} answers; {answered.Count} came");
            Assert.True(answered.Add(line.RequestId()!), $"Answered twice: {line.GetRawText()}");
        }

        Assert.Equal(Enumerable.Range(0, Many).Select(i => $"p-{i}").ToHashSet(), answered);
    }
}
