using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hypervisors;
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
internal sealed partial class HostActor : UntypedActor, IWithTimers
{
    private readonly HostParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Followers _followers = new();
    private readonly HostAnswers _answers;
    private readonly HostHypervisor _hypervisor;
    private readonly Supervisors _supervisors;
    private readonly CreationDesk _creating;
    private readonly AdoptionDesk _adopting;
    private readonly Departures _departures;
    private readonly ArrivalDesk _arriving;
    private readonly Vacancies _vacancies;
    private readonly HostRecovery _recovery = new();
    private readonly HostSignals _signals;
    private RegistryState _registered = RegistryState.Empty;
    private IActorRef _registry = ActorRefs.Nobody;
    private DrainStanding? _drain;
    private IActorRef? _strays;

    /// <summary>Makes the host of a node.</summary>
    public HostActor(HostParts parts)
    {
        _parts = parts;
        _answers = new HostAnswers(parts.Node, parts.Roster);
        _hypervisor = new HostHypervisor(parts.Node, parts.Hypervisor, Self, _log, parts.Time);
        _supervisors = new Supervisors(Context, parts);
        _creating = new CreationDesk(parts, _hypervisor, _supervisors, _followers, _answers, Context);
        _departures = new Departures(parts, _supervisors.Runner, _hypervisor, Self, () => Timers, _log);
        _adopting = new AdoptionDesk(parts, _hypervisor, _supervisors, _departures, Context);
        _arriving = new ArrivalDesk(parts, _hypervisor, _supervisors, _departures, Context, _log);
        _vacancies = new Vacancies(parts, entry => _arriving.MayFill(entry.Id) || _creating.MayFill(entry) || _adopting.MayFill(entry.Id) || _departures.Removes(entry.Id), Self, () => Timers);
        _signals = new HostSignals(parts);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));
        _creating.Registry = _adopting.Registry = _arriving.Registry = _departures.Registry = _vacancies.Registry = _registry = _supervisors.StartRegistry();
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
                _creating.Create(create, Sender);
                break;
            case HostMessages.AdoptVm adopt:
                _adopting.Adopt(adopt, Sender);
                break;
            case HostMessages.ListVms list:
                Sender.Tell(_answers.List(list, _departures.JustGone));
                break;
            case HostMessages.QueryNode query:
                Sender.Tell(Describe(query.Correlation));
                break;
            case HostMessages.QueryNodes query:
                Sender.Tell(new HostMessages.NodesListed(query.Correlation, [new NodeStanding(_parts.Node, NodeStanding.Up, Since: null, Describe(query.Correlation))]));
                break;
            case HostMessages.SetCordon set:
                _answers.Cordon(set, Sender, _registry, canDrain: _parts.RemoteDisks is not null);
                break;
            case HostHealth.Query:
                Sender.Tell(new HostHealth(_recovery.Awaited, _hypervisor.IsThere && _hypervisor.Trouble is null, _hypervisor.Since));
                break;
            case HostMessages.Follow follow:
                Context.Watch(Sender);
                _followers.Add(follow.Id, Sender);
                break;
            case VmHostProtocol.Advanced advanced:
                OnAdvanced(advanced);
                break;
            case VmHostProtocol.CreateEnded ended:
                _creating.Ended(ended.Id);
                _adopting.Ended(ended.Id);
                _arriving.Ended(ended.Id);
                _vacancies.Look(ended.Id, _registered);
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
                // At once: what it says next is of after that.
                _registered = registry.State;
                _departures.Know();
                break;
            case Departures.Outcome outcome:
                _departures.Hear(outcome, _registered);
                break;
            case RegistryActor.Left left:
                _departures.Over(left.Id);
                _registered = _registered.Apply(new RegistryEvents.Departed(left.Id, ""), default);
                break;
            case AdoptionDesk.Found found:
                _adopting.Read(found);
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
            case RegistryActor.CordonSet set:
                (_registered, _drain) = (_registered with { Cordon = set.Now }, null);
                HostAnswers.Tell(set, _parts.Node);
                break;
            case Reserved reserved:
                _creating.Reserved(reserved);
                break;
            case Vacancies.Vacancy vacancy:
                _vacancies.Hear(vacancy, _registered);
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
                _hypervisor.Hear(surveyed, id => _supervisors.Has(id) || _departures.Removes(id));
                break;
            default:
                OnMove(message);
                break;
        }
    }

    private void Route(IVmMessage message)
    {
        if (_strays is not null && message is not VmMoveAsk && (_departures.Find(message.Id) is not null || _parts.Roster.Views.GetValueOrDefault(message.Id) is { IsReleased: true }))
        {
            // Where others believe it to be is right but for a moment.
            _strays.Tell(new HostMessages.Stray(message, Sender));
        }
        else if (_supervisors.TryFind(message.Id, out var supervisor))
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
                    _creating.Ended(message.Id);
                }

                letter.Sender.Tell(_answers.InPlaceOf(message, _registered, isThere: _supervisors.Has(message.Id)));
                break;
            case VmHostProtocol.Adopt adopt:
                _adopting.Lost(adopt);
                _arriving.Ended(adopt.Id);
                break;
            case RegistryActor.Register register:
                OnDecided(new RegistryActor.Decided(
                    register.Ticket, new Registration.Refused(ErrorCode.Unavailable, "the journal is not available; nothing was created, try again")));
                break;
            case RegistryActor.SetCordon set:
                HostAnswers.Tell(new RegistryActor.CordonSet(set, _registered.Cordon, "the journal is not available; nothing was changed, try again"), _parts.Node);
                break;
        }
    }

    private NodeView Describe(long correlation) => HostAnswers.Describe(correlation, _parts, _hypervisor, _registered) with
    {
        Drain = _registered.Cordon is { IsDrain: true } ? _drain ?? new DrainStanding(_parts.Roster.Views.Count, []) : null,
    };

    private void OnDecided(RegistryActor.Decided decided)
    {
        var (arriving, gone) = _arriving.Decided(decided);
        LetGo(gone);
        if ((arriving ?? _adopting.Decided(decided) ?? _creating.Decided(decided)) is { } added)
        {
            _registered = _registered.Apply(new RegistryEvents.Registered(added), default);
        }
    }

    private void OnAdvanced(VmHostProtocol.Advanced advanced)
    {
        var id = advanced.View.Id;
        _parts.Roster.Saw(advanced.View);
        if (advanced.Changes is [{ Previous: null or VmPhase.Unreachable }, ..])
        {
            // Before it was made here there was nothing that could answer.
            _departures.Return(id);
            _parts.Roster.Joined(id, Sender);
        }

        if (advanced.Reply is { } reply)
        {
            advanced.ReplyTo!.Tell(reply, Self);
        }

        foreach (var change in advanced.Changes)
        {
            HostLog.Say(_log, change, advanced.Cause);
            _followers.Tell(id, new HostMessages.VmChanged(change.Previous, change.View), Self);
        }

        if (advanced.View.Phase == VmPhase.Deleted)
        {
            _registry.Tell(new RegistryActor.Retire(id, advanced.View.Incarnation));
        }
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
                _departures.Remove();
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
