using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>One hypervisor node: gives out room, supervises the node's VMs, and hands them what the hypervisor tells.</summary>
/// <remarks>
/// <code><![CDATA[
/// host ─┬─ registry (backoff) ── which VMs there are: ids, names, room
///       └─ vm-… (backoff) ────── one for each
/// ]]></code>
/// It stores nothing itself and so never stops for want of a journal. A VM's actor that is down (its journal cannot be written)
/// is stood in for: what is sent to it becomes a dead letter, and the host answers from the last view, or 503.
/// After the start, and whenever the hypervisor comes back, each VM looks at its domain first and then does what is outstanding.
/// </remarks>
internal sealed class HostActor : UntypedActor
{
    private readonly HostParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Followers _followers = new();
    private readonly HostAnswers _answers;
    private readonly HostHypervisor _hypervisor;
    private readonly Supervisors _supervisors;
    private readonly Creations _creations = new();
    private readonly HostRecovery _recovery = new();
    private readonly HostSignals _signals;
    private RegistryState _registered = RegistryState.Empty;
    private IActorRef _registry = ActorRefs.Nobody;

    /// <summary>Makes the host of a node.</summary>
    public HostActor(HostParts parts)
    {
        _parts = parts;
        _answers = new HostAnswers(parts.Node, parts.Roster);
        _hypervisor = new HostHypervisor(parts.Node, parts.Hypervisor, Self, _log);
        _supervisors = new Supervisors(Context, parts);
        _signals = new HostSignals(parts);
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));
        _registry = _supervisors.StartRegistry();
        _hypervisor.Begin();
        _signals.Begin();
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _signals.Dispose();
        Context.System.EventStream.Unsubscribe(Self);
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case IVmMessage toVm:
                Route(toVm);
                break;
            case HostMessages.CreateVm create:
                Create(create);
                break;
            case HostMessages.ListVms list:
                Sender.Tell(_answers.List(list));
                break;
            case HostMessages.Follow follow:
                Context.Watch(Sender);
                _followers.Add(follow.Id, Sender);
                break;
            case VmHostProtocol.Advanced advanced:
                OnAdvanced(advanced);
                break;
            case VmHostProtocol.CreateEnded ended:
                _creations.Ended(ended.Id);
                VoidIfNobodyFills(ended.Id);
                break;
            case VmHostProtocol.Recovered recovered:
                OnRecovered(recovered);
                break;
            case VmHostProtocol.NotRecovered not:
                OnNotRecovered(not);
                break;
            case DeadLetter letter:
                OnDeadLetter(letter);
                break;
            case Terminated terminated:
                OnTerminated(terminated.ActorRef);
                break;
            default:
                OnPart(message);
                break;
        }
    }

    // What the registry and the hypervisor tell.
    private void OnPart(object message)
    {
        switch (message)
        {
            case RegistryActor.Recovered registry:
                OnRegistry(registry.State);
                break;
            case RegistryActor.NotRecovered not:
                _recovery.Fail(not.Reason);
                break;
            case HostRecovery.Await:
                _recovery.Wait(Sender);
                break;
            case RegistryActor.Decided decided:
                OnDecided(decided);
                break;
            case RegistryActor.Retired retired:
                OnRetired(retired.Id);
                break;
            case RegistryActor.Voided voided:
                _registered = _registered.Apply(new RegistryEvents.Voided(voided.Id), default);
                break;
            case HostHypervisor.News news:
                OnNews(news.What);
                break;
            case HostHypervisor.CapacityKnown known:
                _hypervisor.Hear(known);
                _recovery.KnowHypervisor();
                break;
            case HostHypervisor.Surveyed surveyed:
                _hypervisor.Hear(surveyed, _supervisors.Has);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Route(IVmMessage message)
    {
        if (_supervisors.TryFind(message.Id, out var supervisor))
        {
            supervisor.Forward(message);
        }
        else
        {
            Sender.Tell(_answers.InPlaceOf(message, _registered, isThere: false));
        }
    }

    // What was sent to a VM's actor that is down comes here as a dead letter; nobody waits in vain.
    private void OnDeadLetter(DeadLetter letter)
    {
        switch (letter.Message)
        {
            case IVmMessage message:
                if (message is VmAsk { Command.Value: VmCommand.Create })
                {
                    _creations.Ended(message.Id);
                }

                letter.Sender.Tell(_answers.InPlaceOf(message, _registered, isThere: _supervisors.Has(message.Id)));
                break;
            case RegistryActor.Register register:
                OnDecided(new RegistryActor.Decided(
                    register.Ticket, new Registration.Refused(ErrorCode.Unavailable, "the journal is not available; nothing was created, try again")));
                break;
        }
    }

    private void Create(HostMessages.CreateVm create)
    {
        void Refuse(ErrorCode code, string message) => Sender.Tell(new VmReply.Denied(null, code, message) { Correlation = create.Correlation });
        var (draft, impossible) = CreateCheck.Draft(create.Request.Value, _parts.Images, _parts.Settings);
        if (draft is null)
        {
            Refuse(ErrorCode.Impossible, impossible!);
        }
        else if (_hypervisor.Trouble is { } trouble)
        {
            Refuse(ErrorCode.Unavailable, $"the hypervisor cannot be reached ({trouble}); nothing was created, try again");
        }
        else
        {
            var ticket = _creations.Begin(new Creation(create, draft, Sender));
            var wish = draft.Wish(create.Request.Principal.Agent, create.Request.RequestId) with
            {
                Quota = create.Limits is { } limits ? new RegistryQuota(create.Request.Principal.Role, limits) : null,
                NoRecording = draft.Request.RecordSession ? _parts.Ports.Recordings.Refusal : null,
            };
            _registry.Tell(new RegistryActor.Register(ticket, wish, _hypervisor.Capacity!, create.Request.Cause));
        }
    }

    private void OnDecided(RegistryActor.Decided decided)
    {
        if (_creations.Take(decided.Ticket) is not var (create, draft, from))
        {
            return;
        }

        switch (decided.Registration)
        {
            case Registration.Refused refused:
                from.Tell(new VmReply.Denied(null, refused.Code, refused.Message) { Correlation = create.Correlation });
                break;
            case Registration.Known { Entry.Retired: not null } known:
                from.Tell(new VmReply.Granted(_answers.Tombstone(known.Entry), Already: true) { Correlation = create.Correlation });
                break;
            case Registration.Known known:
                SendCreate(create, draft, known.Entry, from);
                break;
            case Registration.New added:
                _registered = _registered.Apply(new RegistryEvents.Registered(added.Entry), default);
                SendCreate(create, draft, added.Entry, from);
                _hypervisor.RefreshCapacity();
                break;
        }
    }

    private void SendCreate(HostMessages.CreateVm create, VmSpecDraft draft, RegistryEntry entry, IActorRef from)
    {
        _creations.Sent(entry.Id);
        Context.Watch(from);
        _followers.Add(entry.Id, from);
        var command = create.Request.As<VmCommand>(new VmCommand.Create(_parts.Node, draft.Digest, draft.Spec(entry.Name)));
        _supervisors.Ensure(entry.Id).Tell(new VmAsk(entry.Id, create.Correlation, Incarnation: null, command), from);
    }

    private void OnAdvanced(VmHostProtocol.Advanced advanced)
    {
        var id = advanced.View.Id;
        _parts.Roster.Saw(advanced.View);
        if (advanced.Reply is { } reply)
        {
            advanced.ReplyTo!.Tell(reply, Self);
        }

        foreach (var change in advanced.Changes)
        {
            Log(change, advanced.Cause);
            _followers.Tell(id, new HostMessages.VmChanged(change.Previous, change.View), Self);
        }

        if (advanced.View.Phase == VmPhase.Deleted)
        {
            _registry.Tell(new RegistryActor.Retire(id, advanced.View.Incarnation));
        }
    }

    private void Log(VmChange change, Cause cause)
    {
        var log = cause.Agent is { } agent
            ? _log.WithContext("Agent", agent).WithContext("Connection", cause.Connection ?? "").WithContext("RequestId", cause.RequestId ?? "")
            : _log.WithContext("Observation", cause.Observation ?? "");
        log.Info(
            "{InstanceId} {Previous} -> {Phase}, incarnation {Incarnation}{Reason}", change.View.Id.Value, change.Previous?.ToWireName() ?? "created",
            change.View.Phase.ToWireName(), change.View.Incarnation, change.View.Reason is { } reason ? ": " + reason : "");
    }

    private void OnRecovered(VmHostProtocol.Recovered recovered)
    {
        Context.Watch(Sender);
        _parts.Roster.Joined(recovered.Id, Sender);
        if (recovered.View is not { } view)
        {
            VoidIfNobodyFills(recovered.Id);
        }
        else
        {
            _parts.Roster.Saw(view);
            if (view.Phase == VmPhase.Deleted)
            {
                _registry.Tell(new RegistryActor.Retire(view.Id, view.Incarnation));
            }
            else if (_hypervisor.IsThere && _recovery.IsReadBack)
            {
                Sender.Tell(VmHostProtocol.Reconcile.Instance);
            }
        }

        Came(recovered.Id);
    }

    // All are read back before the first looks at its domain: the node serves sooner, and agents wait for reads first.
    private void Came(InstanceId id)
    {
        if (_recovery.Came(id))
        {
            ReconcileAll();
        }
    }

    private void ReconcileAll()
    {
        if (_hypervisor.IsThere && _recovery.IsReadBack)
        {
            foreach (var id in _supervisors.Vms)
            {
                _parts.Roster.Tell(id, VmHostProtocol.Reconcile.Instance);
            }
        }
    }

    // Registered, but the journal was lost or the node went down before the VM's own stream began: nobody was told of it. Its actor
    // stays: a creation that comes later finds it.
    private void VoidIfNobodyFills(InstanceId id)
    {
        if (!_parts.Roster.Views.ContainsKey(id) && _registered.Entries.TryGetValue(id, out var entry)
            && entry.Retired is null && !_creations.MayFill(entry))
        {
            _registry.Tell(new RegistryActor.Void(id));
        }
    }

    // It stays down, and is shown: a VM that only was not in the list would look as if it had never been.
    private void OnNotRecovered(VmHostProtocol.NotRecovered not)
    {
        if (!_parts.Roster.Views.ContainsKey(not.Id) && _registered.Entries.TryGetValue(not.Id, out var entry))
        {
            _parts.Roster.Saw(_answers.Unreadable(entry, not.Reason, _parts.Time.GetUtcNow()));
        }

        Came(not.Id);
    }

    private void OnRegistry(RegistryState state)
    {
        _registered = state;
        foreach (var entry in state.Entries.Values.Where(entry => entry.Retired is null))
        {
            _supervisors.Ensure(entry.Id);
            if (_parts.Roster.Views.GetValueOrDefault(entry.Id) is { Phase: VmPhase.Deleted } deleted)
            {
                // It was deleted while the registry could not hear of it.
                _registry.Tell(new RegistryActor.Retire(deleted.Id, deleted.Incarnation));
            }
        }

        _parts.Roster.Know(_supervisors.Vms);
        _log.Info("{Count} VMs are registered", _supervisors.Vms.Count);
        _recovery.Expect(_supervisors.Vms);
        SurveyIfRegistryIsKnown();
    }

    private void SurveyIfRegistryIsKnown()
    {
        if (_recovery.KnowsRegistry)
        {
            _hypervisor.Survey();
        }
    }

    private void OnRetired(InstanceId id)
    {
        _registered = _registered with
        {
            Entries = _registered.Entries.TryGetValue(id, out var entry) && _parts.Roster.Views.TryGetValue(id, out var view)
                ? _registered.Entries.SetItem(id, entry with { Retired = view.Since, Incarnation = view.Incarnation })
                : _registered.Entries.Remove(id),
        };
        _supervisors.Retire(id);
        _parts.Roster.Forget(id);
        _followers.Forget(id);
    }

    private void OnNews(HypervisorNews news)
    {
        switch (news)
        {
            case HypervisorNews.Connected:
                _hypervisor.Came();
                SurveyIfRegistryIsKnown();
                ReconcileAll();
                break;
            case HypervisorNews.Lost lost:
                _hypervisor.Went(lost.Reason);
                _recovery.KnowHypervisor();
                break;
            case HypervisorNews.Changed changed:
                _parts.Roster.Tell(changed.Id, VmHostProtocol.Look.Instance);
                break;
            case HypervisorNews.Rebooted rebooted:
                _parts.Roster.Tell(rebooted.Id, new VmObservation.Reset());
                break;
        }
    }

    private void OnTerminated(IActorRef ended)
    {
        if (_parts.Roster.Left(ended) is null)
        {
            _followers.Remove(ended);
        }
    }
}
