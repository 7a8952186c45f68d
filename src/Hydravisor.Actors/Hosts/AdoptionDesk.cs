using Akka.Actor;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>Takes the VMs of a lost node from the wish to the VM's own actor: read as they stood last, checked, registered, handed over. The store has the last word.</summary>
/// <remarks>Not thread-safe: the host actor's own; what it waits for comes to the host as a message.</remarks>
internal sealed class AdoptionDesk(HostParts parts, HostHypervisor hypervisor, Supervisors supervisors, Departures departures, IActorContext context)
{
    private readonly Dictionary<long, Found> _registering = [];
    private readonly HashSet<InstanceId> _underWay = [];
    private long _ticket;

    /// <summary>The registry; set before the first adoption.</summary>
    public IActorRef Registry { get; set; } = ActorRefs.Nobody;

    /// <summary>Whether one is under way that may fill the VM's entry of the registry.</summary>
    public bool MayFill(InstanceId id) => _underWay.Contains(id);

    /// <summary>An adoption was decided on by its VM, or never got there.</summary>
    public void Ended(InstanceId id) => _underWay.Remove(id);

    /// <summary>Begins one.</summary>
    public void Adopt(HostMessages.AdoptVm adopt, IActorRef from)
    {
        if (parts.Adoptions is not { } adoptions)
        {
            Refuse(adopt, from, ErrorCode.Impossible, "the node shares its journal with no other");
        }
        else if (hypervisor.Trouble is { } trouble)
        {
            Refuse(adopt, from, ErrorCode.Unavailable, $"its hypervisor cannot be reached ({trouble})");
        }
        else if (departures.Removes(adopt.Id))
        {
            Refuse(adopt, from, ErrorCode.Unavailable, "what it had of the VM before is still being removed");
        }
        else if (parts.Roster.Views.ContainsKey(adopt.Id) || !_underWay.Add(adopt.Id))
        {
            Refuse(adopt, from, ErrorCode.Conflict, "it has the VM, or is about to");
        }
        else
        {
            adoptions.FindAsync(adopt.Id).PipeTo(
                context.Self, success: left => new Found(adopt, from, left, null), failure: e => new Found(adopt, from, null, e.GetBaseException().Message));
        }
    }

    /// <summary>The store answered.</summary>
    public void Read(Found found)
    {
        var adopt = found.Adopt;
        if (found.Trouble is { } trouble)
        {
            GiveUp(found, ErrorCode.Unavailable, $"the store that the nodes share cannot be asked ({trouble})");
        }
        else if (found.Left is not { State: { Spec: { } spec } state } || state.Node != adopt.From)
        {
            GiveUp(found, ErrorCode.Conflict, $"the VM is not of the node '{adopt.From}' any more");
        }
        else if (CreateCheck.Draft(spec.ToRequest(), parts.Images, parts.Settings, parts.Node, parts.Labels) is var (draft, impossible) && draft is null)
        {
            GiveUp(found, ErrorCode.Impossible, impossible!);
        }
        else if (draft.Image.Ref.Sha256 != spec.Image.Sha256)
        {
            // The VM's disk begins with the image, which must be the same one.
            GiveUp(found, ErrorCode.Impossible, $"its image {spec.Os} is another one than that of the VM");
        }
        else
        {
            // Of another sign than those of creations.
            _registering[--_ticket] = found;
            var wish = (draft with { Digest = state.RequestDigest }).Wish(state.Owner, state.RequestId) with
            {
                Id = state.Id,
                NoRecording = spec.RecordSession ? parts.Ports.Recordings.Refusal : null,
            };
            Registry.Tell(new RegistryActor.Register(_ticket, wish, hypervisor.Capacity!, CauseOf(adopt)));
        }
    }

    /// <summary>The registry decided.</summary>
    /// <returns>The entry that is new; null: none is, or it was no adoption.</returns>
    public RegistryEntry? Decided(RegistryActor.Decided decided)
    {
        if (!_registering.Remove(decided.Ticket, out var found))
        {
            return null;
        }

        var (adopt, from) = (found.Adopt, found.From);
        switch (decided.Registration)
        {
            case Registration.New added:
                supervisors.Ensure(adopt.Id).Tell(new VmHostProtocol.Adopt(adopt.Id, adopt.Correlation, from, found.Left!, CauseOf(adopt)), context.Self);
                hypervisor.RefreshCapacity();
                return added.Entry;
            case Registration.Refused refused:
                GiveUp(found, refused.Code, refused.Message);
                return null;
            default:
                GiveUp(found, ErrorCode.Conflict, "it has or had the VM");
                return null;
        }
    }

    /// <summary>An adoption did not get to its VM, whose actor is down.</summary>
    public void Lost(VmHostProtocol.Adopt adopt)
    {
        Ended(adopt.Id);
        adopt.Asker.Tell(new VmReply.Denied(adopt.Id, ErrorCode.Unavailable, "its journal is not available; nothing was done, try again") { Correlation = adopt.Correlation });
    }

    private static Cause CauseOf(HostMessages.AdoptVm adopt) => Cause.Observed($"node:lost:{adopt.From}");

    // One that was under way.
    private void GiveUp(Found found, ErrorCode code, string why)
    {
        Ended(found.Adopt.Id);
        Refuse(found.Adopt, found.From, code, why);
    }

    private static void Refuse(HostMessages.AdoptVm adopt, IActorRef from, ErrorCode code, string message) =>
        from.Tell(new VmReply.Denied(adopt.Id, code, message) { Correlation = adopt.Correlation });

    /// <summary>Store → host: how the VM stands.</summary>
    /// <param name="Adopt">What is wished for.</param>
    /// <param name="From">Who awaits the answer.</param>
    /// <param name="Left">Null: it is not there.</param>
    /// <param name="Trouble">Why the store could not be asked.</param>
    internal sealed record Found(HostMessages.AdoptVm Adopt, IActorRef From, VmLeft? Left, string? Trouble) : INoSerializationVerificationNeeded;
}
