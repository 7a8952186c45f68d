using CsCheck;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Cluster;

public sealed class PlacementTests
{
    private static readonly Dictionary<string, string> None = [];
    private static readonly Dictionary<string, NodeRefusal> Untried = [];
    private static readonly VmRequest Wish = new("tiny", 2, 1L << 30, 0, NetworkMode.None, null, null, false, None);

    [Theory]
    [InlineData(PlacementStrategy.Spread, "b")]
    [InlineData(PlacementStrategy.Pack, "c")]
    internal void The_strategy_chooses_among_those_with_room(PlacementStrategy strategy, string expected)
    {
        NodeView[] nodes = [Samples.NodeView("a", vcpusLeft: 6), Samples.NodeView("b", vcpusLeft: 12), Samples.NodeView("c", vcpusLeft: 3), Samples.NodeView("d", vcpusLeft: 1)];
        Assert.Equal(expected, Placement.Choose(Wish, nodes, strategy, Untried).Node!.Node);
    }

    [Fact]
    public void A_node_that_refused_is_not_asked_again()
    {
        NodeView[] nodes = [Samples.NodeView("a"), Samples.NodeView("b")];
        var first = Placement.Choose(Wish, nodes, PlacementStrategy.Spread, Untried).Node!.Node;
        var tried = new Dictionary<string, NodeRefusal> { [first] = new(first, ErrorCode.NoRoom, "no") };
        var second = Placement.Choose(Wish, nodes, PlacementStrategy.Spread, tried).Node!.Node;
        Assert.NotEqual(first, second);
        tried[second] = new(second, ErrorCode.NoRoom, "nor here");
        var none = Placement.Choose(Wish, nodes, PlacementStrategy.Spread, tried);
        Assert.Null(none.Node);
        Assert.Equal((ErrorCode.NoRoom, "no node has room: a: no; b: nor here"), Placement.Sentence(Wish, isNew: true, Belongs(nodes), nodes, none.Refusals));
    }

    [Fact]
    public void What_is_short_is_said_of_each_node()
    {
        NodeView[] nodes =
        [
            Samples.NodeView("a", vcpusLeft: 1),
            Samples.NodeView("b", ramLeft: 100 << 20),
            Samples.NodeView("c") with { Cordon = new Cordon(Samples.Noon, "its disk is dying") },
            Samples.NodeView("d") with { Trouble = "libvirtd is gone" },
        ];
        Assert.Equal(
            (ErrorCode.NoRoom,
                "no node has room: a: 2 vCPUs were asked for and 1 are left; b: 1GB of memory were asked for and 100MB are left; "
                + "c: it is cordoned since 2026-11-23T12:00:00Z (its disk is dying); d: its hypervisor cannot be reached (libvirtd is gone)"),
            Sentence(Wish, nodes));
    }

    [Fact]
    public void Many_nodes_are_not_all_named() =>
        Assert.EndsWith("; and 15 more", Sentence(Wish, [.. Enumerable.Range(10, 25).Select(number => Samples.NodeView($"n{number}", vcpusLeft: 0))]).Message, StringComparison.Ordinal);

    [Fact]
    public void What_no_node_could_ever_make_is_impossible()
    {
        NodeView[] nodes = [Samples.NodeView("a"), Samples.NodeView("b")];
        Assert.Equal((ErrorCode.Impossible, "os 'beos' is not an image of any node; there are: debian-12, tiny"), Sentence(Wish with { Os = "beos" }, nodes));
        Assert.Equal(
            (ErrorCode.Impossible, "no node can make it: a: cpu 9 is not possible: 1 to 8 are; b: cpu 9 is not possible: 1 to 8 are"), Sentence(Wish with { Vcpus = 9 }, nodes));
        Assert.Equal(
            (ErrorCode.Impossible, "placement.node 'z' is not a node that is there; there are: a, b"), Sentence(Wish with { Placement = new PlacementWish("z", None, None) }, nodes));
        Assert.Equal(ErrorCode.Unavailable, Sentence(Wish, []).Code);
        Assert.Equal(ErrorCode.Unavailable, Sentence(Wish, [Samples.NodeView("a") with { Trouble = "gone" }, Samples.NodeView("b") with { Room = null }]).Code);
    }

    [Fact]
    public void Of_a_vm_that_there_is_nobody_hears_that_nothing_was_created()
    {
        NodeView[] away = [Samples.NodeView("a") with { Trouble = "gone" }];
        Assert.Equal("no node can make it now, and nothing was created: a: its hypervisor cannot be reached (gone)", Sentence(Wish, away).Message);
        Assert.Equal("no node can take it now: a: its hypervisor cannot be reached (gone)", Sentence(Wish, away, isNew: false).Message);
        Assert.Equal("no node can take it: a: cpu 9 is not possible: 1 to 8 are", Sentence(Wish with { Vcpus = 9 }, [Samples.NodeView("a")], isNew: false).Message);
    }

    [Fact]
    public void The_wished_node_and_labels_are_kept_to()
    {
        NodeView[] nodes = [Samples.NodeView("a", vcpusLeft: 16), Samples.NodeView("b") with { Labels = new Dictionary<string, string> { ["zone"] = "2", ["gpu"] = "yes" } }];
        Assert.Equal("b", Placement.Choose(Wish with { Placement = new PlacementWish("b", None, None) }, nodes, PlacementStrategy.Spread, Untried).Node!.Node);
        var labelled = Wish with { Placement = new PlacementWish(null, new Dictionary<string, string> { ["zone"] = "2" }, None) };
        Assert.Equal("b", Placement.Choose(labelled, nodes, PlacementStrategy.Spread, Untried).Node!.Node);
        var nowhere = Wish with { Placement = new PlacementWish(null, new Dictionary<string, string> { ["zone"] = "3" }, None) };
        Assert.Equal((ErrorCode.Impossible, "no node can make it: a: it does not bear zone=3; b: it does not bear zone=3"), Sentence(nowhere, nodes));
        var full = Wish with { Vcpus = 8, Placement = new PlacementWish("b", None, None) };
        Assert.Equal("no node has room: b: 8 vCPUs were asked for and 4 are left", Sentence(full, [nodes[0], nodes[1] with { Room = nodes[1].Room! with { VcpusLeft = 4 } }]).Message);
    }

    [Fact]
    public void Whoever_is_chosen_has_room_and_somebody_is_chosen_where_any_has() => Gen.Select(Nodes, Requests, Gen.Bool).Sample((nodes, request, pack) =>
    {
        var decision = Placement.Choose(request, nodes, pack ? PlacementStrategy.Pack : PlacementStrategy.Spread, Untried);
        bool Fits(NodeView node) => node.Cordon is null && node.Trouble is null && node.Find(request.Os) is { } image
            && Math.Max(request.RamBytes == 0 ? node.Limits.RamDefaultBytes : request.RamBytes, request.RamBytes == 0 ? image.RamMinBytes : 0) is var ram && ram >= image.RamMinBytes
            && request.Vcpus <= node.Room!.VcpusLeft && ram <= node.Room.RamLeftBytes
            && (request.DiskBytes == 0 ? image.DiskBytes <= node.Room.DiskLeftBytes : request.DiskBytes >= image.DiskBytes && request.DiskBytes <= node.Room.DiskLeftBytes);
        Assert.Equal(nodes.Any(Fits), decision.Node is not null);
        Assert.True(decision.Node is null || Fits(decision.Node));
        Assert.Equal(nodes.Count(node => !Fits(node)), decision.Refusals.Count);
    });

    [Fact]
    public void Equal_vms_on_equal_nodes_are_spread_evenly() => Gen.Select(Gen.Int[1, 9], Gen.Int[1, 30]).Sample((nodes, vms) =>
    {
        var pictures = new NodePictures();
        var question = pictures.Ask([.. Enumerable.Range(0, nodes).Select(number => $"n{number}")], 0);
        for (var number = 0; number < nodes; number++)
        {
            pictures.Hear(Samples.NodeView($"n{number}", vcpusLeft: 16) with { Correlation = question });
        }

        for (var vm = 0; vm < vms; vm++)
        {
            var decision = Placement.Choose(Wish with { RamBytes = 64 << 20, Vcpus = 1 }, pictures.Views, PlacementStrategy.Spread, Untried);
            if (decision.Node is not { } node)
            {
                Assert.All(pictures.Views, view => Assert.Equal(0, view.Room!.VcpusLeft));
                break;
            }

            pictures.Place(node.Node, decision.Request);
        }

        Assert.InRange(pictures.Views.Max(view => view.Room!.Vms) - pictures.Views.Min(view => view.Room!.Vms), 0, 1);
    });

    private static readonly Gen<NodeView[]> Nodes = Gen.Select(Gen.Int[0, 16], Gen.Long[0, 8], Gen.Long[0, 20], Gen.Int[0, 9])
        .Select((vcpus, ram, disk, trouble) => Samples.NodeView("", vcpus, ram << 29, disk << 30) with
        {
            Cordon = trouble == 0 ? new Cordon(Samples.Noon, null) : null,
            Trouble = trouble == 1 ? "gone" : null,
        })
        .Array[0, 6].Select(nodes => nodes.Select((node, number) => node with { Node = $"n{number}" }).ToArray());

    private static readonly Gen<VmRequest> Requests = Gen.Select(Gen.OneOf(Gen.Const("tiny"), Gen.Const("debian-12"), Gen.Const("beos")), Gen.Int[1, 8], Gen.Long[0, 6], Gen.Long[0, 12])
        .Select((os, vcpus, ram, disk) => Wish with { Os = os, Vcpus = vcpus, RamBytes = ram << 29, DiskBytes = disk << 30 });

    private static Func<string, bool> Belongs(NodeView[] nodes) => name => nodes.Any(node => node.Node == name);

    private static (ErrorCode Code, string Message) Sentence(VmRequest request, NodeView[] nodes, bool isNew = true) =>
        Placement.Sentence(request, isNew, Belongs(nodes), nodes, Placement.Choose(request, nodes, PlacementStrategy.Spread, Untried).Refusals);
}
