using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Scale;

/// <summary>One node's directory and placement, and the hosts of all nodes beside them in this process.</summary>
/// <remarks>A host is found by its path, as over a network; nothing is serialised on the way, and nothing travels.</remarks>
internal sealed class SimulatedCluster : IAsyncDisposable
{
    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka { loglevel = WARNING, log-dead-letters = off, log-dead-letters-during-shutdown = off }");
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMinutes(1);

    private readonly ActorSystem _system = ActorSystem.Create("scale", Quiet);
    private readonly Members _members = new(Samples.NodeName(0));
    private readonly IActorRef _self;
    private readonly Address _address;

    /// <summary>Makes it: all nodes are there, and one more that has not joined yet.</summary>
    public SimulatedCluster(ClusterSize size)
    {
        Size = size;
        _address = ((ExtendedActorSystem)_system).Provider.DefaultAddress;
        Ids = [.. Enumerable.Range(0, size.Vms).Select(Samples.IdOf)];
        _self = Host(0, Ids[..size.PerNode]);
        for (var node = 1; node < size.Nodes; node++)
        {
            Host(node, Ids[(node * size.PerNode)..((node + 1) * size.PerNode)]);
        }

        Newcomer = Samples.IdOf(-1);
        Host(size.Nodes, [Newcomer]);
        _members.Set(Enumerable.Range(0, size.Nodes).Select(Samples.NodeName).ToImmutableSortedDictionary(name => name, name => Samples.Member(name, _address), StringComparer.Ordinal));
    }

    /// <summary>How large it is.</summary>
    public ClusterSize Size { get; }

    /// <summary>The VMs, those of one node together.</summary>
    public InstanceId[] Ids { get; }

    /// <summary>The VM of the node that has not joined yet.</summary>
    public InstanceId Newcomer { get; }

    /// <summary>The store.</summary>
    public MemoryPlaces Places { get; } = new();

    /// <summary>The clock of directory and placement.</summary>
    public AheadTime Time { get; } = new();

    /// <summary>A directory that remembers nothing yet.</summary>
    public IActorRef NewDirectory()
    {
        var parts = new DirectoryParts(_self, new Roster(), _members, HostOf, Places, AnswerWithin, Time);
        return _system.ActorOf(Props.Create(() => new DirectoryActor(parts)));
    }

    /// <summary>What places VMs, and has looked at no node yet.</summary>
    public IActorRef NewPlacement(IActorRef directory)
    {
        var parts = new PlacementParts(HostOf, _members, Places, directory, PlacementStrategy.Spread, AnswerWithin, Time);
        return _system.ActorOf(Props.Create(() => new PlacementActor(parts)));
    }

    /// <summary>A session.</summary>
    public IActorRef NewSession() => _system.ActorOf(Props.Create(() => new ScaleSession()));

    /// <summary>A node joins, is lost or comes back; who is told is told what the members' actor would tell.</summary>
    /// <param name="node">Its number.</param>
    /// <param name="isReachable">Whether it answers.</param>
    /// <param name="listeners">Who is told.</param>
    public void Change(int node, bool isReachable, params IReadOnlyList<IActorRef> listeners)
    {
        var member = Samples.Member(Samples.NodeName(node), _address) with { IsReachable = isReachable };
        _members.Set(_members.ByName.SetItem(member.Name, member));
        Tell(new MembersActor.Changed(member.Name, member), listeners);
    }

    /// <summary>A node is removed.</summary>
    public void Remove(int node, params IReadOnlyList<IActorRef> listeners)
    {
        var name = Samples.NodeName(node);
        _members.Set(_members.ByName.Remove(name));
        Tell(new MembersActor.Changed(name, Now: null), listeners);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _system.Terminate();
        _system.Dispose();
    }

    private static void Tell(object message, IReadOnlyList<IActorRef> listeners)
    {
        foreach (var listener in listeners)
        {
            listener.Tell(message);
        }
    }

    private IActorRef Host(int number, InstanceId[] ids)
    {
        var name = Samples.NodeName(number);
        VmView[] vms = [.. ids.Select(id => Samples.Vm(id, name))];
        foreach (var vm in vms)
        {
            Places.Add(vm);
        }

        return _system.ActorOf(Props.Create(() => new SimulatedHost(name, vms, Places)), name);
    }

    private ICanTell HostOf(Member member) => member.Name == _members.Self ? _self : _system.ActorSelection(new RootActorPath(member.Address) / "user" / member.Name);
}
