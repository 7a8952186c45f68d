using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Cluster;

/// <summary>The directory of a node in a cluster: its own VMs in one hop, those of others through <see cref="DirectoryActor"/>.</summary>
/// <param name="host">This node's host actor.</param>
/// <param name="roster">The VMs of this node.</param>
/// <param name="members">The nodes.</param>
/// <param name="directory">The <see cref="DirectoryActor"/>.</param>
internal sealed class ClusterDirectory(IActorRef host, Roster roster, Members members, IActorRef directory) : IVmDirectory
{
    /// <inheritdoc/>
    public string? Refusal => members.Refusal;

    /// <inheritdoc/>
    public void Tell(IVmMessage message, IActorRef sender) => (roster.TryFind(message.Id, out var vm) ? vm : directory).Tell(message, sender);

    /// <inheritdoc/>
    public void Create(HostMessages.CreateVm create, IActorRef sender) => host.Tell(create, sender);

    /// <inheritdoc/>
    public void List(HostMessages.ListVms list, IActorRef sender) => directory.Tell(list, sender);

    /// <inheritdoc/>
    public void Follow(HostMessages.Follow follow, IActorRef sender) => directory.Tell(follow, sender);
}
