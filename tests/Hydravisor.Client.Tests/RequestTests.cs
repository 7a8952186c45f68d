using Hydravisor.Protocol;

namespace Hydravisor.Client.Tests;

/// <summary>Requests and their replies over one connection.</summary>
public class RequestTests
{
    public static TheoryData<string> Verbs => ["vm/delete", "vm/start", "vm/stop", "vm/suspend", "vm/resume", "vm/reboot"];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_typed_request_sends_its_message_and_returns_its_reply(string type)
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var call = type switch
        {
            "vm/delete" => client.DeleteAsync(Samples.Id),
            "vm/start" => client.StartAsync(Samples.Id),
            "vm/stop" => client.StopAsync(Samples.Id),
            "vm/suspend" => client.SuspendAsync(Samples.Id),
            "vm/resume" => client.ResumeAsync(Samples.Id),
            _ => client.RebootAsync(Samples.Id),
        };
        var line = await peer.ReceiveLineAsync();
        var sent = LineCodec.Decode(System.Text.Encoding.UTF8.GetBytes(line!)).Message;
        Assert.Equal((type, Samples.Id), (sent!.Type, ((InstanceMessage)sent).InstanceId));
        await peer.SendAsync(Samples.Ok(type) with { Meta = ReplyMeta.For(sent.Meta!.RequestId) });
        Assert.Equal(type, (await call.WaitAsync(ScriptedServer.Patience)).Type);
    }

    [Fact]
    public async Task Create_state_list_attach_and_heartbeat_return_what_the_node_says()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;

        var create = client.CreateAsync(new VmCreate { Os = "tiny", Meta = new MessageMeta { RequestId = "mine", Name = "a" } });
        var created = await peer.AnswerAsync<VmCreate>(_ => new VmCreated { InstanceId = Samples.Id, State = VmPhase.Provisioning });
        Assert.Equal(("mine", "a"), (created.Meta!.RequestId, created.Meta.Name));
        Assert.Equal(VmPhase.Provisioning, (await create).State);

        var state = client.GetStateAsync(Samples.Id);
        Assert.True((await peer.AnswerAsync<VmStateQuery>(_ => Samples.State())).Query);
        Assert.Equal(VmPhase.Running, (await state).State);

        var list = client.ListAsync(new Dictionary<string, string> { ["team"] = "red" }, VmPhase.Running);
        var listed = await peer.AnswerAsync<VmList>(_ => new VmListReply { Instances = [Samples.State(), Samples.State(id: "vm-00000001")] });
        Assert.Equal(("red", "running"), (listed.Labels!["team"], listed.State));
        Assert.Equal(2, (await list).Count);

        var attach = client.AttachAsync(Samples.Id, TerminalRole.Auditor);
        var attached = await peer.AnswerAsync<VmAttachTerminal>(
            _ => new AttachReply { InstanceId = Samples.Id, Session = "s", Mode = "read-only", Attach = "tmux", Incarnation = 1 });
        Assert.Equal("auditor", attached.Role);
        Assert.Equal("read-only", (await attach).Mode);

        var stop = client.StopAsync(Samples.Id, force: true);
        Assert.True((await peer.AnswerAsync<VmStop>(_ => Samples.Ok("vm/stop"))).Force);
        await stop;

        var beat = client.HeartbeatAsync();
        Assert.Null((await peer.AnswerAsync<Heartbeat>(_ => new HeartbeatReply { Time = DateTimeOffset.UnixEpoch })).Ok);
        Assert.Equal(DateTimeOffset.UnixEpoch, (await beat).Time);
    }

    [Fact]
    public async Task Replies_in_any_order_find_their_callers()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        const int count = 500;
        var calls = Enumerable.Range(0, count).AsParallel()
            .Select(number => (number, reply: Task.Run(() => client.GetStateAsync($"vm-{number:x8}")))).ToList();
        var queries = new List<VmStateQuery>();
        for (var received = 0; received < count; received++)
        {
            queries.Add(await peer.ReceiveAsync<VmStateQuery>());
        }

        Assert.Equal(count, queries.Select(query => query.Meta!.RequestId).Distinct().Count());
        foreach (var query in queries.OrderBy(query => query.Meta!.RequestId!.GetHashCode(StringComparison.Ordinal)))
        {
            await peer.SendAsync(Samples.State(id: query.InstanceId) with { Meta = ReplyMeta.For(query.Meta!.RequestId) });
        }

        foreach (var (number, reply) in calls)
        {
            Assert.Equal($"vm-{number:x8}", (await reply.WaitAsync(ScriptedServer.Patience)).InstanceId);
        }
    }

    [Fact]
    public async Task Generated_request_ids_are_of_no_other_connection()
    {
        await using var server = new ScriptedServer();
        var ids = new HashSet<string>();
        for (var connection = 0; connection < 3; connection++)
        {
            var (client, peer) = await server.ConnectAsync();
            await using var _ = client;
            var call = client.CreateAsync(new VmCreate { Os = "tiny" });
            var sent = await peer.AnswerAsync<VmCreate>(_ => new VmCreated { InstanceId = Samples.Id, State = VmPhase.Provisioning });
            await call;
            Assert.True(ids.Add(sent.Meta!.RequestId!));
        }
    }

    [Fact]
    public async Task An_error_becomes_an_exception_with_all_that_the_node_said()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var call = client.DeleteAsync(Samples.Id);
        await peer.AnswerAsync<VmDelete>(_ => new ErrorMessage
        {
            Code = ErrorCode.Forbidden,
            Message = "no",
            InstanceId = Samples.Id,
            Rule = "default-deny",
            Policy = "p",
            ErrorId = "e",
        });
        var error = await Assert.ThrowsAsync<HydravisorException>(() => call.WaitAsync(ScriptedServer.Patience));
        Assert.Equal(
            (ErrorCode.Forbidden, "no", Samples.Id, "default-deny", "p", "e"),
            (error.Code, error.Message, error.InstanceId, error.Rule, error.Policy, error.ErrorId));
    }

    [Fact]
    public async Task A_reply_of_another_kind_or_one_that_cannot_be_read_fails_its_caller_only()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var other = client.GetStateAsync(Samples.Id);
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.Ok("vm/stop"));
        Assert.Contains("vm/stop", (await Assert.ThrowsAsync<ProtocolException>(() => other)).Message, StringComparison.Ordinal);

        var strange = client.GetStateAsync(Samples.Id);
        var query = await peer.ReceiveAsync<VmStateQuery>();
        await peer.SendAsync($"{{\"type\":\"vm/state\",\"state\":\"dancing\",\"meta\":{{\"request_id\":\"{query.Meta!.RequestId}\"}}}}\n");
        await Assert.ThrowsAsync<ProtocolException>(() => strange.WaitAsync(ScriptedServer.Patience));

        await peer.SendAsync("\r\n\n{\"type\":\"later/news\"}\n{\"type\":\"vm/state\",\"state\":\"dancing\"}\n");
        var good = client.GetStateAsync(Samples.Id);
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.State());
        Assert.Equal(VmPhase.Running, (await good.WaitAsync(ScriptedServer.Patience)).State);
    }

    [Fact]
    public async Task Two_requests_with_one_id_in_flight_are_refused()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var create = new VmCreate { Os = "tiny", Meta = new MessageMeta { RequestId = "mine" } };
        var first = client.CreateAsync(create);
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => client.CreateAsync(create));
        Assert.Contains("\"mine\" is in flight", refusal.Message, StringComparison.Ordinal);
        await peer.AnswerAsync<VmCreate>(_ => new VmCreated { InstanceId = Samples.Id, State = VmPhase.Provisioning });
        await first;
        var again = client.CreateAsync(create);
        await peer.AnswerAsync<VmCreate>(_ => new VmCreated { InstanceId = Samples.Id, State = VmPhase.Running });
        Assert.Equal(Samples.Id, (await again).InstanceId);
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_waited_for_only_so_long()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync(new HydravisorClientOptions { RequestTimeout = TimeSpan.FromMilliseconds(50) });
        await using var _ = client;
        var timeout = await Assert.ThrowsAsync<TimeoutException>(() => client.StartAsync(Samples.Id).WaitAsync(ScriptedServer.Patience));
        Assert.Equal("The node did not answer vm/start in 0.05 s.", timeout.Message);
        var late = await peer.ReceiveAsync<VmStart>();
        await peer.SendAsync(Samples.Ok("vm/start") with { Meta = ReplyMeta.For(late.Meta!.RequestId) });
    }

    [Fact]
    public async Task A_caller_may_stop_waiting()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        using var cancellation = new CancellationTokenSource();
        var call = client.GetStateAsync(Samples.Id, cancellation.Token);
        await peer.ReceiveAsync<VmStateQuery>();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(ScriptedServer.Patience));
    }

    [Fact]
    public async Task A_long_line_in_many_pieces_is_read_whole()
    {
        await using var server = new ScriptedServer();
        var (client, peer) = await server.ConnectAsync();
        await using var _ = client;
        var call = client.ListAsync();
        var states = Enumerable.Range(0, 5000).Select(number => Samples.State(id: $"vm-{number:x8}")).ToArray();
        await peer.AnswerAsync<VmList>(_ => new VmListReply { Instances = states });
        Assert.Equal(states, await call.WaitAsync(ScriptedServer.Patience));
    }
}
