using System.Collections.Immutable;
using Akka.Actor;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Cluster.Reach;
using Hydravisor.Actors.Vms;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>What comes from another node, which is played by this one: messages go over a real connection.</summary>
public abstract class ReachSpec : HydravisorSpec, IAsyncLifetime
{
    private const string Wired = """
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }

        """;

    protected ReachSpec(ITestOutputHelper output)
        : base(output, Wired)
    {
        var address = Akka.Cluster.Cluster.Get(Sys).SelfAddress;
        Members.Set(ImmutableSortedDictionary.Create<string, Member>(StringComparer.Ordinal)
            .Add("there", new Member("there", address, 1, MemberStanding.Up, IsReachable: true, Samples.Noon))
            .Add("lost", new Member("lost", address, 2, MemberStanding.Up, IsReachable: false, Samples.Noon)));
    }

    private protected Members Members { get; } = new("here");

    private protected SimulatedNode There { get; } = new();

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        await Sys.Terminate();
        await There.DisposeAsync();
    }

    private protected void Serve(VmPorts ports) => Sys.ActorOf(Props.Create(() => new ReachActor(ports)), ReachActor.Name);
}
