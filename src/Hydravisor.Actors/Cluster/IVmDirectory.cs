using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Cluster;

/// <summary>Finds VMs for those who speak with them, wherever they are. The only way from a session to a VM.</summary>
/// <remarks>Nothing here waits: each message is answered to the sender. Safe for all threads.</remarks>
internal interface IVmDirectory
{
    /// <summary>Why nothing may be changed through this node now; null: it may.</summary>
    string? Refusal { get; }

    /// <summary>Hands a message to its VM; who is not there is answered for.</summary>
    void Tell(IVmMessage message, IActorRef sender);

    /// <summary>Hands a creation to the node that shall make the VM.</summary>
    void Create(HostMessages.CreateVm create, IActorRef sender);

    /// <summary>Asks for the VMs of all nodes.</summary>
    void List(HostMessages.ListVms list, IActorRef sender);

    /// <summary>Asks how the nodes are.</summary>
    void Nodes(HostMessages.QueryNodes query, IActorRef sender);

    /// <summary>Hands a wish to the node that it is about.</summary>
    void Cordon(HostMessages.SetCordon set, IActorRef sender);

    /// <summary>Lets the sender hear of changes.</summary>
    void Follow(HostMessages.Follow follow, IActorRef sender);
}

/// <summary>The directory of a single node.</summary>
internal sealed class LocalDirectory(IActorRef host, Roster roster) : IVmDirectory
{
    /// <inheritdoc/>
    public string? Refusal => null;

    /// <inheritdoc/>
    public void Tell(IVmMessage message, IActorRef sender) =>
        (roster.TryFind(message.Id, out var vm) ? vm : host).Tell(message, sender);

    /// <inheritdoc/>
    public void Create(HostMessages.CreateVm create, IActorRef sender) => host.Tell(create, sender);

    /// <inheritdoc/>
    public void List(HostMessages.ListVms list, IActorRef sender) => host.Tell(list, sender);

    /// <inheritdoc/>
    public void Nodes(HostMessages.QueryNodes query, IActorRef sender) => host.Tell(query, sender);

    /// <inheritdoc/>
    public void Cordon(HostMessages.SetCordon set, IActorRef sender) => host.Tell(set, sender);

    /// <inheritdoc/>
    public void Follow(HostMessages.Follow follow, IActorRef sender) => host.Tell(follow, sender);
}
