using Akka.Actor;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>Takes creations from the wish to the VM's own actor: checked, registered, reserved where nodes share a store, handed over.</summary>
/// <remarks>Not thread-safe: the host actor's own; what it waits for comes to the host as a message.</remarks>
internal sealed class CreationDesk(
    HostParts parts, HostHypervisor hypervisor, Supervisors supervisors, Followers followers, HostAnswers answers, IActorContext context)
{
    private readonly Creations _creations = new();

    /// <summary>The registry; set before the first creation.</summary>
    public IActorRef Registry { get; set; } = ActorRefs.Nobody;

    /// <summary>A creation was decided on by its VM, or never got there.</summary>
    public void Ended(InstanceId id) => _creations.Ended(id);

    /// <summary>Whether one is under way that may fill an entry of the registry.</summary>
    public bool MayFill(RegistryEntry entry) => _creations.MayFill(entry);

    /// <summary>Begins one.</summary>
    public void Create(HostMessages.CreateVm create, IActorRef from)
    {
        var (draft, impossible) = CreateCheck.Draft(create.Request.Value, parts.Images, parts.Settings, parts.Node, parts.Labels);
        if (draft is null)
        {
            Refuse(create, from, ErrorCode.Impossible, impossible!);
        }
        else if (hypervisor.Trouble is { } trouble)
        {
            Refuse(create, from, ErrorCode.Unavailable, $"the hypervisor cannot be reached ({trouble}); nothing was created, try again");
        }
        else
        {
            var ticket = _creations.Begin(new Creation(create, draft, from));
            var wish = draft.Wish(create.Request.Principal.Agent, create.Request.RequestId) with
            {
                Quota = QuotaOf(create),
                NoRecording = draft.Request.RecordSession ? parts.Ports.Recordings.Refusal : null,
            };
            Registry.Tell(new RegistryActor.Register(ticket, wish, hypervisor.Capacity!, create.Request.Cause));
        }
    }

    /// <summary>The registry decided.</summary>
    /// <returns>The entry that is new; null: none is.</returns>
    public RegistryEntry? Decided(RegistryActor.Decided decided)
    {
        if (_creations.Take(decided.Ticket) is not { Create: var create, From: var from } creation)
        {
            return null;
        }

        switch (decided.Registration)
        {
            case Registration.Refused refused:
                Refuse(create, from, refused.Code, refused.Message);
                return null;
            case Registration.Known { Entry.Retired: not null } known:
                from.Tell(new VmReply.Granted(answers.Tombstone(known.Entry), Already: true) { Correlation = create.Correlation });
                return null;
            case Registration.Known known:
                Reserve(creation, known.Entry);
                return null;
            case Registration.New added:
                Reserve(creation, added.Entry);
                hypervisor.RefreshCapacity();
                return added.Entry;
            default:
                throw new InvalidOperationException($"{decided.Registration} is no registration.");
        }
    }

    /// <summary>The store answered.</summary>
    public void Reserved(Reserved reserved)
    {
        var ((create, draft, from), entry) = (reserved.Creation, reserved.Entry);
        switch (reserved.Outcome)
        {
            case Reservation.Granted:
                Send(create, draft, entry, from);
                return;
            case Reservation.Elsewhere elsewhere when create.Follower is not null:
                from.Tell(new VmReply.Elsewhere(entry.Id, elsewhere.Node) { Correlation = create.Correlation });
                break;
            case Reservation.Elsewhere elsewhere:
                Refuse(create, from, ErrorCode.Conflict, $"the request_id '{create.Request.RequestId}' was used before, for {entry.Id} on the node '{elsewhere.Node}', which is in no cluster with this one");
                break;
            case Reservation.Refused refused:
                Refuse(create, from, refused.Code, refused.Message);
                break;
            case null:
                Refuse(create, from, ErrorCode.Unavailable, $"the store that the nodes share cannot be asked ({reserved.Trouble}); nothing was created, try again");
                break;
        }

        context.Self.Tell(new VmHostProtocol.CreateEnded(entry.Id));
    }

    private static void Refuse(HostMessages.CreateVm create, IActorRef from, ErrorCode code, string message) =>
        from.Tell(new VmReply.Denied(null, code, message) { Correlation = create.Correlation });

    private static RegistryQuota? QuotaOf(HostMessages.CreateVm create) =>
        create.Limits is { } limits ? new RegistryQuota(create.Request.Principal.Role, limits) : null;

    private void Reserve(Creation creation, RegistryEntry entry)
    {
        _creations.Sent(entry.Id);
        if (parts.Reservations is null || parts.Roster.Views.ContainsKey(entry.Id))
        {
            Send(creation.Create, creation.Draft, entry, creation.From);
            return;
        }

        parts.Reservations.ReserveAsync(entry, QuotaOf(creation.Create)).PipeTo(
            context.Self,
            success: outcome => new Reserved(creation, entry, outcome, null),
            failure: e => new Reserved(creation, entry, null, e.GetBaseException().Message));
    }

    private void Send(HostMessages.CreateVm create, VmSpecDraft draft, RegistryEntry entry, IActorRef from)
    {
        var follower = create.Follower is { } path ? ((ExtendedActorSystem)context.System).Provider.ResolveActorRef(path) : from;
        context.Watch(follower);
        followers.Add(entry.Id, follower);
        var command = create.Request.As<VmCommand>(new VmCommand.Create(parts.Node, draft.Digest, draft.Spec(entry.Name)));
        supervisors.Ensure(entry.Id).Tell(new VmAsk(entry.Id, create.Correlation, Incarnation: null, command), from);
    }
}

/// <summary>Store → host: what became of a reservation.</summary>
/// <param name="Creation">What it is for.</param>
/// <param name="Entry">The VM.</param>
/// <param name="Outcome">Null: the store could not be asked.</param>
/// <param name="Trouble">Why it could not.</param>
internal sealed record Reserved(Creation Creation, RegistryEntry Entry, Reservation? Outcome, string? Trouble) : INoSerializationVerificationNeeded;
