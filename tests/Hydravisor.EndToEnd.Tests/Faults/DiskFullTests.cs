using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Faults;

/// <summary>The disk under the journal is full, and then it is not. It is a file system of its own, mounted by the test.</summary>
public sealed class DiskFullTests : EndToEndTest
{
    private readonly TestDirectory _elsewhere = new();

    public DiskFullTests(ITestOutputHelper output)
        : base(output)
    {
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _elsewhere.Dispose();
    }

    [Fact]
    public async Task While_the_journal_cannot_be_written_changes_are_503_and_reads_go_on_and_then_all_goes_on_by_itself()
    {
        var node = await StartOnSmallDiskAsync();
        await using var connection = await node.ConnectAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => connection.CreateRunningAsync()));
        var filler = Fill(node.Data);
        await UntilRefusedAsync(connection, "fill");
        foreach (var id in ids)
        {
            (await connection.AskAsync("vm/suspend", id)).MustBeError(503, "nothing was done");
            Assert.Equal("running", (await connection.StateAsync(id)).Text("state"));
            (await connection.AskAsync("vm/delete", id)).MustBeError(503);
        }

        (await connection.AskAsync("""{"type":"vm/create","os":"tiny","meta":{"request_id":"full","name":"full"}}""")).MustBeError(503, "nothing was created");
        var list = (await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").EnumerateArray().Select(vm => vm.Id()).ToHashSet();
        Assert.Superset(ids.ToHashSet(), list);

        File.Delete(filler);
        var created = await WhenPossibleAsync(connection, """{"type":"vm/create","os":"tiny","meta":{"request_id":"full","name":"full"}}""");
        await connection.BroadcastAsync(created.Id(), "running");
        foreach (var id in ids)
        {
            await WhenPossibleAsync(connection, $$$"""{"type":"vm/suspend","instance_id":"{{{id}}}"}""");
            await connection.BroadcastAsync(id, "suspended");
        }

        await node.KillAndStartAsync();
        await DoAsync(node, async again =>
        {
            Assert.All(await Task.WhenAll(ids.Select(id => again.StateAsync(id))), state => Assert.Equal("suspended", state.Text("state")));
            return 0;
        });
        JournalAudit.Verify(node.Data);
    }

    [Fact]
    public async Task The_last_records_have_room_on_a_disk_that_is_full()
    {
        var node = await StartOnSmallDiskAsync("1MB");
        await using var connection = await node.ConnectAsync();
        var id = await connection.CreateRunningAsync();
        Assert.True(File.Exists(Path.Combine(node.Data, "reserve")));
        var filler = Fill(node.Data);
        await Patience.UntilAsync(
            () => connection.AskAsync("vm/start", id),
            reply => reply.Text("message")!.Contains("make room", StringComparison.Ordinal),
            reply => $"The full disk was not noticed: {reply.GetRawText()}");
        (await connection.AskAsync("vm/suspend", id)).MustBeError(503, "nothing may be changed", "make room");
        Assert.False(File.Exists(Path.Combine(node.Data, "reserve")));
        Assert.Equal("running", (await connection.StateAsync(id)).Text("state"));

        // Who looks at a terminal is still written down, and so may look.
        (await connection.AskAsync("vm/attach-terminal", id, "\"role\":\"auditor\"")).MustBeOk("vm/attach-terminal");
        var ledger = JournalAudit.Verify(node.Data).Single(stream => stream.Key.StartsWith("ledger|", StringComparison.Ordinal)).Value;
        Assert.Contains(ledger, each => each.Manifest == "ledger.attached.v1");

        File.Delete(filler);
        await WhenPossibleAsync(connection, $$"""{"type":"vm/suspend","instance_id":"{{id}}"}""");
        Assert.True(File.Exists(Path.Combine(node.Data, "reserve")));
    }

    [Fact]
    public async Task A_name_is_free_again_when_its_vm_was_deleted_while_the_registry_was_down()
    {
        var node = await StartOnSmallDiskAsync();
        await using var connection = await node.ConnectAsync();
        var id = await connection.CreateRunningAsync("""  "meta":{"name":"again"} """);
        var filler = Fill(node.Data);
        await UntilRefusedAsync(connection, "down");

        // The registry now waits before it tries again; the VM's own actor was never troubled.
        File.Delete(filler);
        (await connection.AskAsync("vm/delete", id)).MustBeOk("vm/delete");
        await connection.BroadcastAsync(id, "deleted");
        await WhenPossibleAsync(connection, """{"type":"vm/create","os":"tiny","meta":{"name":"again"}}""", 409);
    }

    [Fact]
    public async Task A_node_that_cannot_start_for_want_of_disk_says_so()
    {
        var node = NewNode();
        await node.MountAsync(1);
        Fill(node.Data);
        var (code, written) = await node.RunToEndAsync();
        Assert.Equal(1, code);
        Assert.Contains(node.Data, written, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", written, StringComparison.Ordinal);
    }

    // Only the journal is on the small disk: what is tried here is the journal, not the guests' disks.
    private async Task<NodeUnderTest> StartOnSmallDiskAsync(string reserve = "0B")
    {
        var node = NewNode(new NodeOptions
        {
            Conf = $$"""
                hydravisor {
                  simulated.directory = "{{Path.Combine(_elsewhere.Path, "simulated")}}"
                  host { restart-min = 1s, restart-max = 3s }
                  vm.retry-delay = 100ms
                  audit.reserve = "{{reserve}}"
                }
                """,
        });
        await node.MountAsync(8);
        var vms = Directory.CreateDirectory(Path.Combine(_elsewhere.Path, "vms"));
        Directory.CreateSymbolicLink(Path.Combine(node.Data, "vms"), vms.FullName);
        await node.StartAsync();
        return node;
    }

    // To the last byte.
    private static string Fill(string directory)
    {
        var filler = Path.Combine(directory, "filler");
        using var file = new FileStream(filler, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var size = 1 << 20; size > 0; size /= 2)
        {
            var block = new byte[size];
            try
            {
                while (true)
                {
                    file.Write(block);
                }
            }
            catch (IOException)
            {
                // No room for a block of that size: smaller ones.
            }
        }

        return filler;
    }

    // The write-ahead log may have a little room of its own left; what is acknowledged meanwhile must hold as ever.
    private static async Task UntilRefusedAsync(RawConnection connection, string key)
    {
        for (var i = 0; ; i++)
        {
            Assert.True(i < 500, "The full disk refused nothing.");
            var reply = await connection.AskAsync($$$$"""{"type":"vm/create","os":"tiny","ram":"32MB","meta":{"request_id":"{{{{key}}}}-{{{{i}}}}"}}""");
            if (reply.Type() == "mcp/error")
            {
                reply.MustBeError(503, "journal");
                return;
            }
        }
    }

    private static Task<JsonElement> WhenPossibleAsync(RawConnection connection, string message, params long[] alsoFor) =>
        WireSteps.WhenPossibleAsync(() => connection.AskAsync(message), alsoFor);
}
