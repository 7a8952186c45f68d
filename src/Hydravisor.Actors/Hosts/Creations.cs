using Akka.Actor;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>One creation whose registration is awaited.</summary>
/// <param name="Create">What was asked.</param>
/// <param name="Draft">What it would become.</param>
/// <param name="From">Who asked.</param>
internal sealed record Creation(HostMessages.CreateVm Create, VmSpecDraft Draft, IActorRef From);

/// <summary>The creations under way: those that wait for the registry, and those on their way to their VM.</summary>
/// <remarks>
/// A registration without a VM may be voided only while this knows of none that would fill it. Not thread-safe: the host actor's own.
/// </remarks>
internal sealed class Creations
{
    private readonly Dictionary<long, Creation> _registering = [];
    private readonly Dictionary<InstanceId, int> _sent = [];
    private long _ticket;

    /// <summary>A creation goes to the registry.</summary>
    /// <returns>The number under which it comes back.</returns>
    public long Begin(Creation creation)
    {
        _registering[++_ticket] = creation;
        return _ticket;
    }

    /// <summary>Takes the creation that came back from the registry; null when it did so before.</summary>
    public Creation? Take(long ticket) => _registering.Remove(ticket, out var creation) ? creation : null;

    /// <summary>A creation goes to its VM, or is being reserved for that.</summary>
    public void Sent(InstanceId id) => _sent[id] = _sent.GetValueOrDefault(id) + 1;

    /// <summary>The VM has decided on a creation, or never got it.</summary>
    public void Ended(InstanceId id)
    {
        if (_sent.TryGetValue(id, out var count) && count > 1)
        {
            _sent[id] = count - 1;
        }
        else
        {
            _sent.Remove(id);
        }
    }

    /// <summary>Whether one is under way that may fill the entry.</summary>
    public bool MayFill(RegistryEntry entry) =>
        _sent.ContainsKey(entry.Id)
        || _registering.Values.Any(creation =>
            entry.RequestId is not null
            && creation.Create.Request.RequestId == entry.RequestId
            && creation.Create.Request.Principal.Agent == entry.Agent);
}
