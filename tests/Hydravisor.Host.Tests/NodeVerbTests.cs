using System.Text.Json;
using Hydravisor.Actors.Tests.Access.Agents;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

public sealed class NodeVerbTests
{
    private static readonly DateTimeOffset Since = new(2026, 5, 29, 20, 15, 42, TimeSpan.Zero);

    private static readonly NodeListReply Nodes = new()
    {
        Nodes =
        [
            new NodeInfo
            {
                Name = "node-1",
                State = "up",
                Since = Since,
                Labels = new Dictionary<string, string> { ["zone"] = "a" },
                Room = new NodeRoom { Vms = 3, VmsMax = 1000, Vcpus = 16, VcpusLeft = 10, Ram = "20GB", RamLeft = "16GB", Disk = "100GB", DiskLeft = "90GB" },
                Images = ["tiny"],
            },
            new NodeInfo { Name = "node-2", State = "up", Since = Since, Cordon = new NodeCordonInfo { Since = Since, Reason = "a \u001b[2Jdisk" }, Room = null },
            new NodeInfo { Name = "node-3", State = "down" },
            new NodeInfo
            {
                Name = "node-4", State = "up", Cordon = new NodeCordonInfo { Since = Since, Reason = "a fan" }, Drain = new NodeDrainInfo { VmsLeft = 3 },
            },
        ],
    };

    [Fact]
    public async Task A_person_sees_which_nodes_are_there_and_what_they_have()
    {
        await using var run = new VerbRun();
        await run.AnswerAsync<NodeList>(Nodes, "node", "list");
        var lines = run.Output.Split('\n').Select(line => line.TrimEnd()).ToList();
        Assert.StartsWith("NODE    STATE  SINCE", lines[0], StringComparison.Ordinal);
        Assert.Matches("^node-1  up +2026-05-29 20:15:42Z  yes +3/1000  10/16 +16GB/20GB  90GB/100GB  zone=a$", lines[1]);
        Assert.Contains("no: cordoned 2026-05-29 20:15:42Z, a \uFFFD[2Jdisk", lines[2], StringComparison.Ordinal);
        Assert.Matches("^node-3  down +- +- +- +- +- +- +-$", lines[3]);
        Assert.Contains("no: drained since 2026-05-29 20:15:42Z, 3 VMs left, a fan", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_gets_the_objects_of_the_wire()
    {
        await using var run = new VerbRun();
        await run.AnswerAsync<NodeList>(Nodes, "node", "list", "-o", "json");
        var nodes = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(["node-1", "node-2", "node-3", "node-4"], nodes.EnumerateArray().Select(node => node.GetProperty("name").GetString()));
        Assert.Equal(10, nodes[0].GetProperty("room").GetProperty("vcpus_left").GetInt64());
    }

    [Fact]
    public async Task A_node_is_cordoned_with_the_reason_and_resumed()
    {
        await using var cordon = new VerbRun();
        using (var peer = await cordon.ConnectAsync("node", "cordon", "node-2", "--reason", "a disk"))
        {
            await peer.AnswerAsync<NodeCordon>(asked =>
            {
                Assert.Equal(("node-2", "a disk"), (asked.Node, asked.Reason));
                return new NodeReply(MessageTypes.NodeCordon) { Node = "node-2" };
            });
            Assert.Equal(0, await cordon.ExitAsync());
        }

        Assert.Equal("node-2 cordoned\n", cordon.Output);
        await using var resume = new VerbRun();
        await resume.AnswerAsync<NodeResume>(new NodeReply(MessageTypes.NodeResume) { Node = "node-2" }, "node", "resume", "node-2", "-o", "json");
        Assert.Equal("""{"type":"node/resume","ok":true,"node":"node-2"}""" + "\n", resume.Output);
    }

    [Fact]
    public async Task A_node_is_drained_and_one_that_waits_is_told_how_far_it_is_until_no_vm_is_left()
    {
        var standings = new Queue<NodeDrainInfo>(
        [
            new() { VmsLeft = 3 },
            new() { VmsLeft = 1, Staying = [new NodeStayInfo { Reason = "it is suspended, \u001b[2J and its memory would be lost", Vms = 1 }] },
            new() { VmsLeft = 0 },
        ]);
        var time = new RungTime();
        await using var run = new VerbRun { Time = time };
        using var peer = await run.ConnectAsync("node", "drain", "node-1", "--reason", "a disk", "--wait");
        await peer.AnswerAsync<NodeDrain>(asked =>
        {
            Assert.Equal(("node-1", "a disk"), (asked.Node, asked.Reason));
            return new NodeReply(MessageTypes.NodeDrain) { Node = "node-1" };
        });
        while (standings.TryDequeue(out var standing))
        {
            var first = Nodes.Nodes[0] with { Cordon = new NodeCordonInfo { Since = Since }, Drain = standing };
            await peer.AnswerAsync<NodeList>(_ => new NodeListReply { Nodes = [first, .. Nodes.Nodes.Skip(1)] });
            time.Ring();
        }

        Assert.Equal(0, await run.ExitAsync());
        Assert.Equal("node-1 drained\n", run.Output);
        Assert.Equal(["node-1: 3 VMs left", "node-1: 1 VM left (1 stays for now: it is suspended, \uFFFD[2J and its memory would be lost)"], run.Error.Split('\n').SkipLast(1));
    }

    [Fact]
    public async Task Who_waits_for_a_node_that_somebody_resumed_is_told()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("node", "drain", "node-1", "--wait");
        await peer.AnswerAsync<NodeDrain>(_ => new NodeReply(MessageTypes.NodeDrain) { Node = "node-1" });
        await peer.AnswerAsync<NodeList>(_ => Nodes);
        Assert.Equal(1, await run.ExitAsync());
        Assert.Contains("node-1 is not drained any more", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_node_refuses_is_told_with_its_code()
    {
        await using var run = new VerbRun();
        await run.AnswerAsync<NodeCordon>(new ErrorMessage { Code = ErrorCode.Impossible, Message = "node 'x' is not a node that is there; there are: node-1" }, "node", "cordon", "x");
        Assert.Contains("there are: node-1 (422)", run.Error, StringComparison.Ordinal);
    }
}
