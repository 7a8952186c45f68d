using Akka.Actor;
using Hydravisor.Actors.Hosts;

namespace Hydravisor.Actors.Cluster;

/// <summary>What a directory works with.</summary>
/// <param name="Host">This node's host actor.</param>
/// <param name="Roster">The VMs of this node.</param>
/// <param name="Members">The nodes.</param>
/// <param name="HostOf">The host actor of a node.</param>
/// <param name="Places">What the store knows.</param>
/// <param name="AnswerWithin">How long other nodes may take for a list.</param>
/// <param name="Time">The clock.</param>
internal sealed record DirectoryParts(
    IActorRef Host, Roster Roster, Members Members, Func<Member, ICanTell> HostOf, IPlaces Places, TimeSpan AnswerWithin, TimeProvider Time);
