using Hydravisor.Protocol;

namespace Hydravisor.Client.Tests;

/// <summary>News of VMs: broadcasts, and waiting for a state.</summary>
public class BroadcastTests
{
    [Fact]
    public async Task Broadcasts_come_in_order()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var follow = client.FollowAsync(Samples.Id);
        Assert.True((await peer.AnswerAsync<VmStateQuery>(_ => Samples.State(VmPhase.Booting, 2))).Subscribe);
        Assert.Equal(VmPhase.Booting, (await follow).State);
        await peer.SendAsync(Samples.Broadcast(VmPhase.Running, 3));
        await peer.SendAsync(Samples.Broadcast(VmPhase.Suspended, 4));
        Assert.Equal(3, (await NextAsync(client)).Revision);
        Assert.Equal(4, (await NextAsync(client)).Revision);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task All_VMs_are_answered_one_by_one_until_the_ok_and_news_between_them_are_broadcasts(int count)
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var follow = client.FollowAllAsync();
        var query = await peer.ReceiveAsync<VmStateQuery>();
        Assert.Equal(("*", true), (query.InstanceId, query.Subscribe));
        var states = Enumerable.Range(0, count).Select(number => Samples.State(id: $"vm-{number:x8}")).ToList();
        foreach (var state in states)
        {
            await peer.SendAsync(state with { Meta = ReplyMeta.For(query.Meta!.RequestId) });
            await peer.SendAsync(Samples.Broadcast(VmPhase.Suspended, 2, state.InstanceId));
        }

        await peer.SendAsync(new OkReply("vm/state") { InstanceId = "*", Meta = ReplyMeta.For(query.Meta!.RequestId) });
        var all = await follow.WaitAsync(ScriptedServer.Patience);
        Assert.Equal(states, all.Select(state => state with { Meta = null }));
        for (var news = 0; news < count; news++)
        {
            Assert.Equal(VmPhase.Suspended, (await NextAsync(client)).State);
        }
    }

    [Fact]
    public async Task A_refusal_to_tell_of_all_VMs_fails_its_caller()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var follow = client.FollowAllAsync();
        await peer.AnswerAsync<VmStateQuery>(_ => new ErrorMessage { Code = ErrorCode.Forbidden, Message = "no" });
        Assert.Equal(ErrorCode.Forbidden, (await Assert.ThrowsAsync<HydravisorException>(() => follow)).Code);
    }

    [Fact]
    public async Task When_the_reader_is_behind_the_oldest_are_dropped_and_counted()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync(new HydravisorClientOptions { BroadcastsMax = 4 });
        await using var _ = client;
        for (var revision = 1; revision <= 10; revision++)
        {
            await peer.SendAsync(Samples.Broadcast(VmPhase.Running, revision));
        }

        var beat = client.HeartbeatAsync();
        await peer.AnswerAsync<Heartbeat>(_ => new HeartbeatReply { Time = DateTimeOffset.UnixEpoch });
        await beat;
        Assert.Equal(6, client.BroadcastsLost);
        Assert.Equal(7, (await NextAsync(client)).Revision);
    }

    [Fact]
    public async Task Waiting_ends_at_once_if_the_VM_is_there_already()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var wait = client.WaitForStateAsync(Samples.Id, state => state.State == VmPhase.Running);
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.State());
        Assert.Equal(VmPhase.Running, (await wait.WaitAsync(ScriptedServer.Patience)).State);
    }

    [Fact]
    public async Task Waiting_ends_with_the_broadcast_that_fits()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var wait = client.WaitForStateAsync(Samples.Id, state => state.State == VmPhase.Running);
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.State(VmPhase.Booting, 2));
        await peer.SendAsync(Samples.Broadcast(VmPhase.Running, 9, "vm-00000001"));
        await peer.SendAsync(Samples.Broadcast(VmPhase.Suspended, 4));
        // Older than what was seen: no news.
        await peer.SendAsync(Samples.Broadcast(VmPhase.Running, 3));
        await peer.SendAsync(Samples.Broadcast(VmPhase.Running, 5));
        Assert.Equal(5, (await wait.WaitAsync(ScriptedServer.Patience)).Revision);
    }

    [Fact]
    public async Task Waiting_for_a_VM_that_is_not_ends_with_404_unless_its_last_word_was_heard()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var gone = new ErrorMessage { Code = ErrorCode.NotFound, Message = "no such instance" };
        var none = client.WaitForStateAsync(Samples.Id, state => state.State == VmPhase.Deleted);
        await peer.AnswerAsync<VmStateQuery>(_ => gone);
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<HydravisorException>(() => none)).Code);

        var heard = client.WaitForStateAsync(Samples.Id, state => state.State == VmPhase.Deleted);
        var query = await peer.ReceiveAsync<VmStateQuery>();
        await peer.SendAsync(Samples.Broadcast(VmPhase.Deleted, 9));
        await peer.SendAsync(gone with { Meta = ReplyMeta.For(query.Meta!.RequestId) });
        Assert.Equal(9, (await heard.WaitAsync(ScriptedServer.Patience)).Revision);
    }

    [Fact]
    public async Task A_fault_in_the_callers_predicate_goes_to_the_caller()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var wait = client.WaitForStateAsync(Samples.Id, _ => throw new NotSupportedException("mine"));
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.State());
        Assert.Equal("mine", (await Assert.ThrowsAsync<NotSupportedException>(() => wait.WaitAsync(ScriptedServer.Patience))).Message);
        var beat = client.HeartbeatAsync();
        await peer.AnswerAsync<Heartbeat>(_ => new HeartbeatReply { Time = DateTimeOffset.UnixEpoch });
        await beat;
    }

    private static async Task<VmStateMessage> NextAsync(HydravisorClient client) =>
        await client.Broadcasts.ReadAsync().AsTask().WaitAsync(ScriptedServer.Patience);
}
