using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>VMs that come from nodes that live: room is kept for each, its disk is taken, and once it was released it is this node's.</summary>
/// <remarks>
/// <code><![CDATA[
/// expected ─> read in the store ─> registered ─> its disk taken ─> released to this node (the store says so) ─> adopted
/// ]]></code>
/// What is to be done is asked of the store again and again, so that a node which was killed at any step goes on, and takes a disk anew that did not come whole:
/// the node before keeps it until the VM is this one's. What nobody released in time is let go. See docs/decisions/0023-a-vm-moves-when-the-other-node-has-its-disk.md.
/// Not thread-safe: the host actor's own; what it waits for comes to the host as a message.
/// </remarks>
internal sealed class ArrivalDesk(HostParts parts, HostHypervisor hypervisor, Supervisors supervisors, Departures departures, IActorContext context, ILoggingAdapter log)
{
    // Who sends it asks every few seconds.
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);

    private readonly Dictionary<InstanceId, Arrival> _arrivals = [];
    private readonly Dictionary<long, InstanceId> _registering = [];
    private long _ticket = long.MinValue;
    private bool _isLooking;

    /// <summary>The registry; set before the first arrival.</summary>
    public IActorRef Registry { get; set; } = ActorRefs.Nobody;

    /// <summary>Whether a VM comes that may fill an entry of the registry.</summary>
    public bool MayFill(InstanceId id) => _arrivals.ContainsKey(id);

    /// <summary>These were released to the node before it started: nothing of them is to be let go.</summary>
    /// <param name="released">The VMs, and who released each.</param>
    public void Await(IReadOnlyDictionary<InstanceId, string> released)
    {
        foreach (var (id, from) in released)
        {
            _arrivals.TryAdd(id, new Arrival(id, from) { IsReleased = true, LastAsked = parts.Time.GetTimestamp() });
        }
    }

    /// <summary>A node wants room to be kept for a VM of its own, or its disk to be taken.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="from">The node.</param>
    /// <param name="withDisk">Whether the disk can be taken.</param>
    /// <param name="isLive">Whether a place is to be made for it to come as it runs.</param>
    /// <param name="asker">Who awaits the <see cref="VmReply"/>.</param>
    /// <param name="correlation">Under which number.</param>
    public void Expect(InstanceId id, string from, bool withDisk, bool isLive, IActorRef asker, long correlation)
    {
        void Refuse(ErrorCode code, string why) => asker.Tell(new VmReply.Denied(id, code, why) { Correlation = correlation });
        if (parts.Adoptions is null || parts.RemoteDisks is null)
        {
            Refuse(ErrorCode.Impossible, "the node shares its journal with no other");
        }
        else if (hypervisor.Trouble is { } trouble)
        {
            Refuse(ErrorCode.Unavailable, $"its hypervisor cannot be reached ({trouble})");
        }
        else if (departures.Removes(id))
        {
            Refuse(ErrorCode.Unavailable, "what it had of the VM before is still being removed");
        }
        else if (parts.Roster.Views.ContainsKey(id) || (_arrivals.TryGetValue(id, out var known) && (known.IsReleased || known.From != from)))
        {
            Refuse(ErrorCode.Conflict, "it has the VM, or is about to");
        }
        else if (known is { IsBusy: true })
        {
            // The question may have been repeated because its answer was lost.
            (known.Asker, known.Correlation, known.LastAsked) = (asker, correlation, parts.Time.GetTimestamp());
            (known.WantsDisk, known.WantsLanding, known.Stays) = (known.WantsDisk || withDisk, isLive, false);
        }
        else
        {
            var arrival = known ?? new Arrival(id, from);
            _arrivals[id] = arrival;
            if (isLive && correlation != arrival.Correlation)
            {
                // What an earlier attempt left there is of no use; one that asks again wants what it was given.
                arrival.Landing = null;
            }

            (arrival.Asker, arrival.Correlation, arrival.LastAsked) = (asker, correlation, parts.Time.GetTimestamp());
            (arrival.WantsDisk, arrival.WantsLanding, arrival.Stays) = (withDisk, isLive, false);
            Begin(arrival);
        }
    }

    /// <summary>The VM stays where it is. The store has the last word: one that was released all the same is taken.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="from">The node that has it.</param>
    public void ExpectNoMore(InstanceId id, string from)
    {
        if (_arrivals.TryGetValue(id, out var arrival) && arrival.From == from)
        {
            arrival.Stays = true;
            Look();
        }
    }

    /// <summary>Asks the store which VMs were released to this node, and what lies about for nothing. Each time it is due.</summary>
    public void Look()
    {
        if (!_isLooking && parts.Adoptions is { } adoptions)
        {
            _isLooking = true;
            LookAsync(adoptions).PipeTo(context.Self, failure: e => new Looked(new Dictionary<InstanceId, bool>(), null, e.GetBaseException().Message));
        }
    }

    /// <summary>What was waited for came.</summary>
    /// <param name="word">It.</param>
    /// <param name="registered">The registry.</param>
    /// <returns>A VM that does not come after all; null: none.</returns>
    public InstanceId? Hear(Word word, RegistryState registered)
    {
        switch (word)
        {
            case Looked looked:
                return OnLooked(looked, registered);
            case Found found when _arrivals.TryGetValue(found.Id, out var arrival):
                return OnFound(arrival, found, registered);
            case DiskCame came when _arrivals.TryGetValue(came.Id, out var arrival):
                return OnDisk(arrival, came.Outcome);
            case Landed landed when _arrivals.TryGetValue(landed.Id, out var arrival):
                return OnLanding(arrival, landed.Outcome);
            default:
                return null;
        }
    }

    /// <summary>The registry decided.</summary>
    /// <returns>The entry that is new; null: none is, or it was no arrival. And a VM that does not come after all.</returns>
    public (RegistryEntry? Added, InstanceId? Gone) Decided(RegistryActor.Decided decided)
    {
        if (!_registering.Remove(decided.Ticket, out var id) || !_arrivals.TryGetValue(id, out var arrival))
        {
            return (null, null);
        }

        switch (decided.Registration)
        {
            case Registration.New added:
                hypervisor.RefreshCapacity();
                GoOn(arrival);
                return (added.Entry, null);
            case Registration.Known { Entry.Retired: null }:
                GoOn(arrival);
                return (null, null);
            case Registration.Refused refused:
                return (null, GiveUp(arrival, refused.Code, refused.Message));
            default:
                return (null, GiveUp(arrival, ErrorCode.Conflict, "it had the VM, and it was deleted"));
        }
    }

    /// <summary>The VM's own actor decided on its adoption, or it never got there.</summary>
    public void Ended(InstanceId id)
    {
        if (_arrivals.TryGetValue(id, out var arrival) && arrival.Step == ArrivalStep.Adopting)
        {
            arrival.Step = ArrivalStep.Waiting;
            if (parts.Roster.Views.ContainsKey(id))
            {
                _arrivals.Remove(id);
            }
        }
    }

    private async Task<object> LookAsync(IAdoptions adoptions)
    {
        // In this order: what lies about and is released later is taken anew.
        var aside = await parts.Hypervisor.ImportsAsync().ConfigureAwait(false);
        var released = await adoptions.ReleasedToAsync(parts.Node).ConfigureAwait(false);
        return new Looked(aside.IsDone ? aside.Value! : new Dictionary<InstanceId, bool>(), released, null);
    }

    private InstanceId? OnLooked(Looked looked, RegistryState registered)
    {
        _isLooking = false;
        if (looked.Released is null)
        {
            log.Warning("which VMs were released to this node cannot be looked up, and is tried again: {Reason}", looked.Trouble);
            return null;
        }

        Await(looked.Released);
        foreach (var (id, _) in looked.Released)
        {
            var arrival = _arrivals[id];
            arrival.IsReleased = arrival.WantsDisk = true;
            (arrival.HasDisk, arrival.HasPlace) = (looked.Aside.GetValueOrDefault(id), looked.Aside.ContainsKey(id));
            if (!arrival.IsBusy && hypervisor.Trouble is null && !departures.Removes(id) && !parts.Roster.Views.ContainsKey(id))
            {
                Begin(arrival);
            }
        }

        foreach (var id in looked.Aside.Keys.Where(id => !_arrivals.ContainsKey(id) && !(registered.Entries.TryGetValue(id, out var entry) && entry.Retired is null)))
        {
            log.Info("what came of the disk of {InstanceId} is not wanted any more, and is removed", id);
            _ = parts.Hypervisor.DropImportAsync(id);
        }

        var late = _arrivals.Values.FirstOrDefault(arrival =>
            !arrival.IsBusy && !looked.Released.ContainsKey(arrival.Id) && (arrival.Stays || parts.Time.GetElapsedTime(arrival.LastAsked) > KeptFor));
        return late is null ? null : GiveUp(late, ErrorCode.TimedOut, late.Stays ? "it stays where it is" : "nobody released it");
    }

    private void Begin(Arrival arrival)
    {
        arrival.Step = ArrivalStep.Reading;
        parts.Adoptions!.FindAsync(arrival.Id).PipeTo(
            context.Self, success: left => new Found(arrival.Id, left, null), failure: e => new Found(arrival.Id, null, e.GetBaseException().Message));
    }

    private InstanceId? OnFound(Arrival arrival, Found found, RegistryState registered)
    {
        if (found.Trouble is { } trouble)
        {
            return GiveUp(arrival, ErrorCode.Unavailable, $"the store that the nodes share cannot be asked ({trouble})");
        }

        if (found.Left is not { State: { Spec: { } spec } state } || state.Node != arrival.From)
        {
            return GiveUp(arrival, ErrorCode.Conflict, $"the VM is not of the node '{arrival.From}' any more");
        }

        arrival.Left = found.Left;

        // It may have run since its disk came, and have another one now. One that came as it ran has its disk in the place that was made for it.
        arrival.HasDisk = arrival.IsReleased
            ? arrival.HasDisk || (arrival.HasPlace && state.Move is { IsLive: true })
            : arrival.HasDisk && arrival.DiskOf == state.Revision;

        if (registered.Entries.TryGetValue(arrival.Id, out var entry) && entry.Retired is null)
        {
            GoOn(arrival);
            return null;
        }

        var (draft, impossible) = CreateCheck.Draft(spec.ToRequest(), parts.Images, parts.Settings, parts.Node, parts.Labels);
        if (draft is null)
        {
            return GiveUp(arrival, ErrorCode.Impossible, impossible!);
        }

        if (draft.Image.Ref.Sha256 != spec.Image.Sha256)
        {
            return GiveUp(arrival, ErrorCode.Impossible, $"its image {spec.Os} is another one than that of the VM");
        }

        arrival.Step = ArrivalStep.Registering;
        _registering[++_ticket] = arrival.Id;
        var wish = (draft with { Digest = state.RequestDigest }).Wish(state.Owner, state.RequestId) with
        {
            Id = state.Id,
            NoRecording = spec.RecordSession ? parts.Ports.Recordings.Refusal : null,
        };
        Registry.Tell(new RegistryActor.Register(_ticket, wish, hypervisor.Capacity!, CauseOf(arrival)));
        return null;
    }

    // Room is kept.
    private void GoOn(Arrival arrival)
    {
        if (arrival.WantsDisk && !arrival.HasDisk)
        {
            arrival.Step = ArrivalStep.Taking;
            var isPlaceMade = arrival.Landing is not null;
            arrival.Landing = null;
            TakeAsync(arrival.Left!.State, arrival.From, isPlaceMade).PipeTo(
                context.Self, success: outcome => new DiskCame(arrival.Id, outcome), failure: e => new DiskCame(arrival.Id, Outcome.Failed(e.GetBaseException().Message)));
        }
        else if (arrival is { WantsLanding: true, IsReleased: false, Landing: null })
        {
            arrival.Step = ArrivalStep.Landing;
            arrival.HasDisk = false;
            parts.Hypervisor.LandAsync(PlanOf(arrival.Left!.State)).PipeTo(
                context.Self, success: outcome => new Landed(arrival.Id, outcome), failure: e => new Landed(arrival.Id, Outcome<Landing>.Failed(e.GetBaseException().Message)));
        }
        else if (arrival.IsReleased)
        {
            arrival.Step = ArrivalStep.Adopting;
            supervisors.Ensure(arrival.Id).Tell(new VmHostProtocol.Adopt(arrival.Id, 0, ActorRefs.Nobody, arrival.Left!, CauseOf(arrival)), context.Self);
        }
        else
        {
            arrival.Step = ArrivalStep.Waiting;
            arrival.Answer(arrival is { WantsLanding: true, Landing: { } landing }
                ? new VmReply.Landing(arrival.Id, parts.Node, landing) { Correlation = arrival.Correlation }
                : new VmReply.Expected(arrival.Id, parts.Node) { Correlation = arrival.Correlation });
        }
    }

    private InstanceId? OnDisk(Arrival arrival, Outcome outcome)
    {
        if (!outcome.IsDone)
        {
            return GiveUp(arrival, CodeOf(outcome), $"its disk did not come: {outcome.Reason}");
        }

        (arrival.HasDisk, arrival.DiskOf, arrival.LastAsked) = (true, arrival.Left!.State.Revision, parts.Time.GetTimestamp());
        GoOn(arrival);
        return null;
    }

    private InstanceId? OnLanding(Arrival arrival, Outcome<Landing> outcome)
    {
        if (outcome.Value is not { } landing)
        {
            return GiveUp(arrival, CodeOf(outcome.Result), $"it cannot come as it runs: {outcome.Result.Reason}");
        }

        (arrival.Landing, arrival.LastAsked) = (landing, parts.Time.GetTimestamp());
        GoOn(arrival);
        return null;
    }

    private static ErrorCode CodeOf(Outcome outcome) => outcome.Kind == OutcomeKind.Unavailable ? ErrorCode.Unavailable : ErrorCode.Impossible;

    private DomainPlan PlanOf(VmState state) => state.Spec!.Plan(state.Id!, parts.Node);

    private async Task<Outcome> TakeAsync(VmState state, string from, bool isPlaceMade)
    {
        if (isPlaceMade && await parts.Hypervisor.RemoveAsync(state.Id!).ConfigureAwait(false) is { IsDone: false } left)
        {
            return left;
        }

        var begun = await parts.Hypervisor.ImportAsync(PlanOf(state) with { IsImported = true }).ConfigureAwait(false);
        if (!begun.IsDone)
        {
            return begun.Result;
        }

        var writing = begun.Value!;
        await using (writing.ConfigureAwait(false))
        {
            return await parts.RemoteDisks!.BringAsync(from, state.Id!, writing, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // One that was released is this node's to take whatever comes between: it is tried again. The others are let go.
    private InstanceId? GiveUp(Arrival arrival, ErrorCode code, string why)
    {
        arrival.Step = ArrivalStep.Waiting;
        arrival.Answer(new VmReply.Denied(arrival.Id, code, why) { Correlation = arrival.Correlation });
        if (arrival.IsReleased)
        {
            log.Warning("{InstanceId} was released to this node and cannot be taken now; it is tried again: {Reason}", arrival.Id, why);
            return null;
        }

        if (arrival.Landing is not null)
        {
            _ = parts.Hypervisor.RemoveAsync(arrival.Id);
        }

        log.Info("{InstanceId} of the node {Node} does not come here: {Reason}", arrival.Id, arrival.From, why);
        _arrivals.Remove(arrival.Id);
        return arrival.Id;
    }

    private static Cause CauseOf(Arrival arrival) => Cause.Observed($"node:moved:{arrival.From}");

    /// <summary>To the host: something that was waited for; for <see cref="Hear"/>.</summary>
    internal abstract record Word : INoSerializationVerificationNeeded;

    private sealed record Looked(IReadOnlyDictionary<InstanceId, bool> Aside, IReadOnlyDictionary<InstanceId, string>? Released, string? Trouble) : Word;

    private sealed record Found(InstanceId Id, VmLeft? Left, string? Trouble) : Word;

    private sealed record Landed(InstanceId Id, Outcome<Landing> Outcome) : Word;

    private sealed record DiskCame(InstanceId Id, Outcome Outcome) : Word;
}
