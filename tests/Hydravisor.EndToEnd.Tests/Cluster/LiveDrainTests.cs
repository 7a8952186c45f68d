using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Cluster;

/// <summary>A real guest whose nodes are drained while it works.</summary>
public sealed class LiveDrainTests(LiveDrainTests.RealNodes cluster, ITestOutputHelper output) : IClassFixture<LiveDrainTests.RealNodes>
{
    // Something in memory and on the disk, and a process that works on with both.
    private const string Begin = """
        mount -t tmpfs none /mnt && head -c 20000000 /dev/urandom > /mnt/memory && head -c 20000000 /dev/urandom > /root/disk && sync
        (while :; do sha256sum /mnt/memory >> /mnt/sums; sleep 0.1; done) > /dev/null 2>&1 < /dev/null &
        echo $! > /mnt/worker
        """;

    private const string Look = """
        cat /proc/sys/kernel/random/boot_id && kill -0 $(cat /mnt/worker) && sha256sum /mnt/memory /root/disk && sort -u /mnt/sums && (dmesg | grep -E 'BUG|Oops|corrupt' || true)
        """;

    [Fact]
    public async Task A_guest_keeps_its_memory_its_processes_and_its_disk_when_it_goes_to_another_node_and_when_that_breaks_on_the_way()
    {
        await using var one = await cluster.ConnectAsync("node-1");
        (await one.AskAsync("""{"type":"node/cordon","node":"node-3"}""")).MustBeOk("node/cordon");
        var made = await one.AskAsync("{\"type\":\"vm/create\",\"os\":\"debian-12\",\"ram\":\"384MB\"," + ClusterUnderTest.At("node-1") + "}");
        made.MustBeOk("vm/create");
        var id = made.Id();
        await RunsOnAsync(one, id, "node-1");
        (await one.AskAsync(Exec(id, Begin))).MustBeOk("vm/exec");
        var before = await ExecAsync(one, id, Look);
        output.WriteLine(before);

        // A daemon that finds a guest running knows less of it than the one that started it.
        await cluster.ScriptAsync("libvirt", "node-1", "kill");
        await cluster.ScriptAsync("libvirt", "node-1", "start");
        Assert.Equal(before, await ExecAsync(one, id, Look));

        await DrainAsync(one, "node-1");
        await RunsOnAsync(one, id, "node-2");
        Assert.Equal(before, await ExecAsync(one, id, Look));
        await MustHaveAsync(id, "node-2");

        // The other node is killed in the midst of it: the guest runs on where it is, and goes when it can.
        await ResumeAsync(one, "node-1");
        await using (var two = await cluster.ConnectAsync("node-2"))
        {
            await DrainAsync(two, "node-2");
            await Patience.UntilAsync(
                () => two.StateAsync(id), state => state.Text("reason")?.StartsWith("it is being moved", StringComparison.Ordinal) == true, state => state.GetRawText());
            await cluster.ScriptAsync("kill", "node-1");
            var stays = await Patience.UntilAsync(
                () => two.StateAsync(id), state => state.Text("reason")?.StartsWith("it is being moved", StringComparison.Ordinal) != true, state => state.GetRawText());
            Assert.Equal(("node-2", "running", 1L), (stays.Text("node"), stays.Text("state"), stays.Number("incarnation")));
            Assert.Equal(before, await ExecAsync(two, id, Look));
            await cluster.ScriptAsync("start", "node-1");
            await RunsOnAsync(two, id, "node-1");
            Assert.Equal(before, await ExecAsync(two, id, Look));
        }

        await MustHaveAsync(id, "node-1");
        await cluster.MustBeVerifiedAsync();
    }

    private static async Task DrainAsync(RawConnection connection, string node) => (await connection.AskAsync($$"""{"type":"node/drain","node":"{{node}}"}""")).MustBeOk("node/drain");

    private static async Task ResumeAsync(RawConnection connection, string node) => (await connection.AskAsync($$"""{"type":"node/resume","node":"{{node}}"}""")).MustBeOk("node/resume");

    private Task<JsonElement> RunsOnAsync(RawConnection connection, string id, string node) => Patience.UntilAsync(
        () => connection.StateAsync(id),
        state => state.Text("state") == "running" && state.Text("node") == node && state.Number("incarnation") == 1,
        state => $"{state.GetRawText()}\n{cluster.Tail()}");

    private static async Task<string> ExecAsync(RawConnection connection, string id, string script)
    {
        // In the moment after a move its agent may not answer yet.
        var ran = await WireSteps.WhenPossibleAsync(() => connection.AskAsync(Exec(id, script)));
        Assert.True(ran.Number("exit_code") == 0, ran.GetRawText());
        return ran.Text("stdout")!;
    }

    private static string Exec(string id, string command) => JsonSerializer.Serialize(new { type = "vm/exec", instance_id = id, command, timeout_s = 60 });

    private async Task MustHaveAsync(string id, string node)
    {
        foreach (var each in ClusterUnderTest.Nodes)
        {
            await Patience.UntilAsync(
                async () => (await cluster.ScriptAsync("libvirt", each, "virsh", "-q", "list", "--all", "--name")).Contains(id, StringComparison.Ordinal),
                has => has == (each == node), has => $"{each} {(has ? "has" : "has not")} the domain of {id}, which is on {node}.");
        }
    }

    /// <summary>Three nodes with libvirtds of their own: two go on where one is killed.</summary>
    public sealed class RealNodes : ClusterUnderTest
    {
        private protected override string[] Wanted => ["3"];
    }
}
