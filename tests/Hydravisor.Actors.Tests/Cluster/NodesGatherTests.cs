using Akka.Actor;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

public sealed class NodesGatherTests(ITestOutputHelper output) : HydravisorSpec(output)
{
    private static readonly DateTimeOffset Then = Samples.Noon;

    [Fact]
    public void A_node_is_listed_as_it_belongs_and_one_that_was_lost_as_down()
    {
        var members = new[]
        {
            Node("b", MemberStanding.Up, reachable: true), Node("c", MemberStanding.Up, reachable: false), Node("d", MemberStanding.Joining, reachable: true),
            Node("e", MemberStanding.Leaving, reachable: true), Node("f", MemberStanding.Down, reachable: false),
        };
        var lost = new Dictionary<string, DateTimeOffset> { ["a"] = Then, ["c"] = Then };
        var listed = NodesGather.Standings(members, lost, new Dictionary<string, NodeView> { ["b"] = Samples.NodeView("b") });
        Assert.Equal(
            [("a", "down", false), ("b", "up", true), ("c", "unreachable", false), ("d", "joining", false), ("e", "leaving", false), ("f", "down", false)],
            listed.Select(node => (node.Name, node.State, node.View is not null)));
        Assert.All(listed, node => Assert.Equal(Then, node.Since));
    }

    [Fact]
    public async Task Who_does_not_say_in_time_is_listed_without_what_it_has()
    {
        var (quick, slow) = (CreateTestProbe("quick"), CreateTestProbe("slow"));
        var members = new[] { Node("quick", MemberStanding.Up, reachable: true), Node("slow", MemberStanding.Up, reachable: true) };
        var hosts = new Dictionary<string, ICanTell> { ["quick"] = quick, ["slow"] = slow };
        Sys.ActorOf(Props.Create(() => new NodesGather(7, members, hosts, new Dictionary<string, DateTimeOffset>(), TestActor)));
        var asked = await quick.ExpectMsgAsync<HostMessages.QueryNode>();
        quick.Reply(Samples.NodeView("quick") with { Correlation = asked.Correlation });
        var listed = await ExpectMsgAsync<HostMessages.NodesListed>();
        Assert.Equal(7, listed.Correlation);
        Assert.Equal([("quick", true), ("slow", false)], listed.Nodes.Select(node => (node.Name, node.View is not null)));
    }

    private static Member Node(string name, MemberStanding standing, bool reachable) => new(name, new Address("akka.ssl.tcp", "hydravisor", name, 7412), 1, standing, reachable, Then);
}
