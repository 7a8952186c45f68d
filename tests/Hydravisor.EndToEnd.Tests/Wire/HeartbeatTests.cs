using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Heartbeats both ways, on a node that is short of patience.</summary>
public class HeartbeatTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private static readonly NodeOptions Impatient = new()
    {
        Conf = """
            hydravisor.session {
              heartbeat-interval = 250ms
              heartbeats-unanswered-max = 3
            }
            """,
    };

    [Fact]
    [Covers("mcp/heartbeat")]
    public async Task A_heartbeat_is_answered_with_the_time()
    {
        var node = await StartNodeAsync(Impatient);
        await using var connection = await node.ConnectAsync();
        var reply = (await connection.AskAsync("""{"type":"mcp/heartbeat"}""")).MustBeOk("mcp/heartbeat");
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", reply.Text("time"));
    }

    [Fact]
    [Covers("mcp/heartbeat")]
    public async Task Who_does_not_answer_three_is_told_408_and_closed_and_who_answers_lives_on()
    {
        var node = await StartNodeAsync(Impatient);
        await using var client = await node.ConnectClientAsync();
        await using var answering = await node.ConnectAsync();
        await using var talking = await node.ConnectAsync();
        await using var silent = await node.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            var heartbeat = await silent.NextAsync();
            Assert.Equal(("mcp/heartbeat", false, true), (heartbeat.Type(), heartbeat.Has("ok"), heartbeat.Has("time")));
            await AnswerAsync(answering);
            await TalkAsync(talking);
        }

        (await silent.NextAsync()).MustBeError(408, "3 heartbeats");
        Assert.Equal(ConnectionEnd.Closed, await silent.EndAsync());
        for (var i = 0; i < 6; i++)
        {
            await AnswerAsync(answering);
            await TalkAsync(talking);
        }

        // More heartbeats went by than a client may leave unanswered: the typed client answered them by itself.
        await client.ListAsync();
        Assert.Empty(answering.Unread);
    }

    private static async Task AnswerAsync(RawConnection connection)
    {
        Assert.Equal("mcp/heartbeat", (await connection.NextAsync()).Type());
        await connection.SendAsync("""{"type":"mcp/heartbeat","ok":true}""");
    }

    // Any line counts as an answer, also one that is refused.
    private static async Task TalkAsync(RawConnection connection)
    {
        await connection.LineAsync(line => line.Type() == "mcp/heartbeat", "a heartbeat");
        await connection.SendAsync("hello");
        await connection.ErrorAsync();
    }
}
