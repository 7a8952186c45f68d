using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>Makes the actor of one VM, again after each of its ends.</summary>
/// <remarks>In place of the usual expression, whose arguments would be looked up by reflection for each VM.</remarks>
internal sealed class VmProducer(string node, InstanceId id, IActorRef host, VmEffectRunner runner, VmSettings settings, AccessControl access, TimeProvider time) : IIndirectActorProducer
{
    /// <inheritdoc/>
    public Type ActorType => typeof(VmActor);

    /// <inheritdoc/>
    public ActorBase Produce() => new VmActor(node, id, host, runner, settings, access, time);

    /// <inheritdoc/>
    public void Release(ActorBase actor)
    {
        // It holds nothing that its own end does not let go.
    }
}
