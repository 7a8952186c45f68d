using Hydravisor.Client.Tests;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

/// <summary><c>vm watch</c>.</summary>
public class WatchTests
{
    [Fact]
    public async Task One_VM_is_watched_until_it_is_deleted_and_told_of_once_a_change()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "watch", "vm-0123456789ab");
        await peer.AnswerAsync<VmStateQuery>(_ => Samples.State(VmPhase.Booting, 2, "vm-0123456789ab", "llama"));
        await peer.SendAsync(Samples.Broadcast(VmPhase.Booting, 2, "vm-0123456789ab"));
        await peer.SendAsync(Samples.Broadcast(VmPhase.Failed, 3, "vm-0123456789ab") with { Reason = "QEMU\nended" });
        await peer.SendAsync(Samples.Broadcast(VmPhase.Deleted, 4, "vm-0123456789ab"));
        Assert.Equal(0, await run.ExitAsync());
        Assert.Equal(
            """
            2025-05-29 20:15:42Z vm-0123456789ab llama booting
            2025-05-29 20:15:42Z vm-0123456789ab failed: QEMU�ended
            2025-05-29 20:15:42Z vm-0123456789ab deleted

            """,
            run.Output);
    }

    [Fact]
    public async Task All_VMs_are_watched_by_objects_on_lines_until_the_connection_is_lost()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "watch", "-o", "json");
        var query = await peer.ReceiveAsync<VmStateQuery>();
        Assert.Equal(("*", true), (query.InstanceId, query.Subscribe));
        var meta = ReplyMeta.For(query.Meta!.RequestId);
        await peer.SendAsync(Samples.State(revision: 1) with { Meta = meta });
        await peer.SendAsync(Samples.Broadcast(VmPhase.Running, 1));
        await peer.SendAsync(Samples.State(id: "vm-00000002") with { Meta = meta });
        await peer.SendAsync(new OkReply("vm/state") { InstanceId = "*", Meta = meta });
        await peer.SendAsync(Samples.Broadcast(VmPhase.Suspended, 2));
        peer.Dispose();
        Assert.Equal(3, await run.ExitAsync());
        Assert.Equal(
            [("vm-23ac1a9d", "running"), ("vm-00000002", "running"), ("vm-23ac1a9d", "suspended")],
            run.Output.Trim().Split('\n').Select(line => LineCodec.DecodeServer(System.Text.Encoding.UTF8.GetBytes(line)))
                .Cast<VmStateMessage>().Select(state => (state.InstanceId, state.State.ToWireName())));
        Assert.StartsWith("hydravisor: The connection to the node was lost.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_to_be_told_ends_the_watch()
    {
        await using var run = new VerbRun();
        await run.AnswerAsync<VmStateQuery>(
            new ErrorMessage { Code = ErrorCode.Forbidden, Message = "not for you", Rule = "default-deny" }, "vm", "watch");
        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal("hydravisor: not for you (403, rule default-deny)\n", run.Error);
    }
}
