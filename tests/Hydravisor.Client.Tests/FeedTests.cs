using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Client.Tests;

/// <summary>Logs and terminals that are followed over a connection.</summary>
public class FeedTests
{
    private static readonly AttachReply Attached = new()
    {
        InstanceId = Samples.Id,
        Session = "hydravisor-" + Samples.Id,
        Mode = "read-write",
        Attach = "tmux",
        Incarnation = 1,
    };

    [Fact]
    public async Task The_entries_of_a_log_come_in_order_with_their_gaps()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var following = client.FollowLogAsync(Samples.Id, LogFrom.At(3));
        Assert.Equal(LogFrom.At(3), (await peer.AnswerAsync<LogSubscribe>(Subscribed)).From);
        await peer.SendAsync(new ModelLog { Source = Samples.Id, Payload = [Entry(3), Entry(4)] });
        await peer.SendAsync(new ModelLog { Source = Samples.Id, Payload = [new LogEntry { Gap = new LogGap(5, 7) }, Entry(8)] });
        var feed = await following;
        Assert.Equal(3, feed.Next);
        Assert.Equal([3, 4, null, 8], await TakeAsync(feed, 4));
    }

    [Fact]
    public async Task What_comes_before_the_caller_has_its_feed_is_not_lost()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var following = client.FollowLogAsync(Samples.Id);
        var asked = await peer.ReceiveAsync<LogSubscribe>();
        await peer.SendAsync(new ModelLog { Source = Samples.Id, Payload = [Entry(1)] });
        await peer.SendAsync(Subscribed(asked) with { Meta = ReplyMeta.For(asked.Meta!.RequestId) });
        Assert.Equal([1], await TakeAsync(await following, 1));
    }

    [Fact]
    public async Task A_feed_that_is_left_ends_and_the_connection_goes_on_though_nobody_read_it()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var following = client.FollowLogAsync(Samples.Id);
        await peer.AnswerAsync<LogSubscribe>(Subscribed);
        var feed = await following;
        for (var seq = 1; seq <= 500; seq++)
        {
            await peer.SendAsync(new ModelLog { Source = Samples.Id, Payload = [Entry(seq)] });
        }

        var leaving = feed.DisposeAsync().AsTask();
        await peer.AnswerAsync<LogUnsubscribe>(message => new OkReply(message.Type) { InstanceId = Samples.Id });
        await leaving.WaitAsync(ScriptedServer.Patience);
        var beat = client.HeartbeatAsync();
        await peer.AnswerAsync<Heartbeat>(_ => new HeartbeatReply { Time = DateTimeOffset.UnixEpoch });
        await beat;
    }

    [Fact]
    public async Task A_reader_that_is_behind_makes_the_connection_wait_and_loses_nothing()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var following = client.FollowLogAsync(Samples.Id);
        await peer.AnswerAsync<LogSubscribe>(Subscribed);
        var feed = await following;
        var sending = Task.Run(async () =>
        {
            for (var seq = 1; seq <= 5000; seq++)
            {
                await peer.SendAsync(new ModelLog { Source = Samples.Id, Payload = [Entry(seq)] });
            }
        });
        Assert.Equal(Enumerable.Range(1, 5000).Select(seq => (long?)seq), await TakeAsync(feed, 5000));
        await sending;
    }

    [Fact]
    public async Task A_log_that_the_node_ends_says_why()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var following = client.FollowLogAsync(Samples.Id);
        await peer.AnswerAsync<LogSubscribe>(Subscribed);
        var feed = await following;
        await peer.SendAsync(new ErrorMessage { Code = ErrorCode.NotFound, Message = "it was deleted", InstanceId = Samples.Id });
        var ended = await Assert.ThrowsAsync<HydravisorException>(() => feed.Messages.Completion.WaitAsync(ScriptedServer.Patience));
        Assert.Equal(ErrorCode.NotFound, ended.Code);
    }

    [Fact]
    public async Task The_end_of_a_terminal_is_not_that_of_the_log()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var opening = client.OpenTerminalAsync(Samples.Id);
        await peer.AnswerAsync<VmAttachTerminal>(_ => Attached);
        var terminal = await opening;
        var following = client.FollowLogAsync(Samples.Id);
        await peer.AnswerAsync<LogSubscribe>(Subscribed);
        var log = await following;
        await peer.SendAsync(new ErrorMessage { Code = ErrorCode.Conflict, Message = "its VM was deleted", InstanceId = Samples.Id });
        await Assert.ThrowsAsync<HydravisorException>(() => terminal.Output.Completion.WaitAsync(ScriptedServer.Patience));
        await peer.SendAsync(new ModelLog { Source = Samples.Id, Payload = [new LogEntry { Seq = 1, Stream = "lifecycle", Msg = "deleted" }] });
        Assert.Equal(1, (await log.Messages.ReadAsync().AsTask().WaitAsync(ScriptedServer.Patience)).Payload[0].Seq);
    }

    [Fact]
    public async Task A_lost_connection_ends_every_feed()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var following = client.FollowLogAsync(Samples.Id);
        await peer.AnswerAsync<LogSubscribe>(Subscribed);
        var feed = await following;
        peer.Dispose();
        await Assert.ThrowsAsync<HydravisorConnectionException>(() => feed.Messages.Completion.WaitAsync(ScriptedServer.Patience));
        await Assert.ThrowsAsync<HydravisorConnectionException>(() => client.FollowLogAsync(Samples.Id));
    }

    [Fact]
    public async Task A_refused_log_can_be_asked_for_again()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var refused = client.FollowLogAsync(Samples.Id);
        await peer.AnswerAsync<LogSubscribe>(_ => new ErrorMessage { Code = ErrorCode.NotFound, Message = "no" });
        await Assert.ThrowsAsync<HydravisorException>(() => refused);
        var following = client.FollowLogAsync(Samples.Id);
        await peer.AnswerAsync<LogSubscribe>(Subscribed);
        await following;
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.FollowLogAsync(Samples.Id));
    }

    [Fact]
    public async Task A_terminal_gives_its_output_and_takes_bytes_text_and_size()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var opening = client.OpenTerminalAsync(Samples.Id, TerminalRole.Operator, 120, 40);
        var attach = await peer.AnswerAsync<VmAttachTerminal>(_ => Attached);
        Assert.Equal((true, 120L, 40L, "operator"), (attach.Stream, attach.Cols, attach.Rows, attach.Role));
        var terminal = await opening;
        await peer.SendAsync(new TerminalOutput { InstanceId = Samples.Id, DataB64 = Convert.ToBase64String("hello"u8), Reset = true });
        var output = await terminal.Output.ReadAsync().AsTask().WaitAsync(ScriptedServer.Patience);
        Assert.Equal(("hello", true), (Encoding.UTF8.GetString(Convert.FromBase64String(output.DataB64)), output.Reset));

        static OkReply Ok(ClientMessage message) => new(message.Type) { InstanceId = Samples.Id };
        var typing = terminal.TypeAsync(new byte[] { 0, 255 });
        Assert.Equal("AP8=", (await peer.AnswerAsync<TerminalInput>(Ok)).DataB64);
        await typing;
        typing = terminal.TypeAsync("ls\r");
        Assert.Equal("ls\r", (await peer.AnswerAsync<TerminalInput>(Ok)).Data);
        await typing;
        var resizing = terminal.ResizeAsync(80, 24);
        Assert.Equal(80, (await peer.AnswerAsync<TerminalResize>(Ok)).Cols);
        await resizing;
        var leaving = terminal.DisposeAsync().AsTask();
        await peer.AnswerAsync<TerminalDetach>(Ok);
        await leaving;
        await terminal.Output.Completion.WaitAsync(ScriptedServer.Patience);
    }

    private static LogSubscribed Subscribed(LogSubscribe asked) =>
        new() { InstanceId = asked.InstanceId, Next = asked.From?.Seq ?? 1, Incarnation = 1 };

    private static LogEntry Entry(long seq) => new() { Seq = seq, Timestamp = "2026-01-01T00:00:00.000Z", Stream = "console", Msg = $"line {seq}" };

    private static async Task<IReadOnlyList<long?>> TakeAsync(LogFeed feed, int count)
    {
        using var limit = new CancellationTokenSource(ScriptedServer.Patience);
        return await feed.EntriesAsync(limit.Token).Take(count).Select(entry => entry.Seq).ToListAsync();
    }
}
