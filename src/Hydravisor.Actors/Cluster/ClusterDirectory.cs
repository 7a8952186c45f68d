using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Cluster;

/// <summary>The directory of a node in a cluster: its own VMs in one hop, those of others through <see cref="DirectoryActor"/>.</summary>
/// <param name="roster">The VMs of this node.</param>
/// <param name="members">The nodes.</param>
/// <param name="directory">The <see cref="DirectoryActor"/>.</param>
/// <param name="placement">The <see cref="PlacementActor"/>.</param>
internal sealed class ClusterDirectory(Roster roster, Members members, IActorRef directory, IActorRef placement) : IVmDirectory
{
    /// <inheritdoc/>
    public string? Refusal => members.Refusal;

    /// <inheritdoc/>
    public void Tell(IVmMessage message, IActorRef sender) => (roster.TryFind(message.Id, out var vm) ? vm : directory).Tell(message, sender);

    /// <inheritdoc/>
    public void Create(HostMessages.CreateVm create, IActorRef sender) => placement.Tell(create, sender);

    /// <inheritdoc/>
    public void List(HostMessages.ListVms list, IActorRef sender) => directory.Tell(list, sender);

    /// <inheritdoc/>
    public void Nodes(HostMessages.QueryNodes query, IActorRef sender) => directory.Tell(query, sender);

    /// <inheritdoc/>
    public void Cordon(HostMessages.SetCordon set, IActorRef sender) => directory.Tell(set, sender);

    /// <inheritdoc/>
    public void Follow(HostMessages.Follow follow, IActorRef sender) => directory.Tell(follow, sender);
}
