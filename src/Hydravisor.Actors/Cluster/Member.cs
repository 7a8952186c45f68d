using Akka.Actor;

namespace Hydravisor.Actors.Cluster;

/// <summary>A node of the cluster as another one sees it. Immutable.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Incarnation">Tells its process from those before it at the same address.</param>
/// <param name="Standing">Whether it belongs.</param>
/// <param name="IsReachable">Whether it answers.</param>
/// <param name="Since">Since when it has been so.</param>
internal sealed record Member(string Name, Address Address, int Incarnation, MemberStanding Standing, bool IsReachable, DateTimeOffset Since)
{
    /// <summary>Where its host actor is.</summary>
    public ActorPath HostPath => new RootActorPath(Address) / "user" / "host";

    /// <summary>Where what its VMs write and show is opened.</summary>
    public ActorPath ReachPath => new RootActorPath(Address) / "user" / Reach.ReachActor.Name;

    /// <summary>Whether it can be spoken with.</summary>
    public bool IsThere => IsReachable && Standing is MemberStanding.Up or MemberStanding.Leaving;

    /// <summary>Why something of a node cannot be had: part of a sentence.</summary>
    public static string Lost(string node) => $"its node, {node}, does not answer";
}

/// <summary>Whether a node belongs to the cluster.</summary>
internal enum MemberStanding
{
    /// <summary>It asked to.</summary>
    Joining,

    /// <summary>It does.</summary>
    Up,

    /// <summary>It is about to leave, in order.</summary>
    Leaving,

    /// <summary>It was given up: it does not answer, and the others have agreed to go on without it.</summary>
    Down,
}
