using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <content>What a host reads back, and what comes to it and leaves it.</content>
internal sealed partial class HostActor
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private void OnRecovered(VmHostProtocol.Recovered recovered)
    {
        Context.Watch(Sender);
        if (recovered.View is not { } view || _departures.Find(recovered.Id) is not null)
        {
            if (recovered.View is null && _parts.Roster.Views.ContainsKey(recovered.Id))
            {
                // It was shown as long as nobody knew whether there is one.
                _parts.Roster.Forget(recovered.Id);
            }

            _vacancies.Look(recovered.Id, _registered);
        }
        else
        {
            _parts.Roster.Joined(recovered.Id, Sender);
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

    // It stays down, and is shown: a VM that only was not in the list would look as if it had never been.
    private void OnNotRecovered(VmHostProtocol.NotRecovered not)
    {
        if (!_parts.Roster.Views.ContainsKey(not.Id) && _registered.Entries.TryGetValue(not.Id, out var entry))
        {
            _parts.Roster.Saw(_answers.Unreadable(entry, not.Reason, _parts.Time.GetUtcNow()));
        }

        Came(not.Id);
    }

    private void OnRegistry()
    {
        foreach (var entry in _registered.Entries.Values.Where(entry => entry.Retired is null && !_departures.Removes(entry.Id)))
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
        _departures.Remove();
    }

    // What comes to the node and leaves it.
    private void OnMove(object message)
    {
        switch (message)
        {
            case HostMessages.ExpectVm expect:
                _arriving.Expect(expect.Id, expect.From, expect.WithDisk, expect.Live, Sender, expect.Correlation);
                break;
            case HostMessages.ExpectNoMore no:
                _arriving.ExpectNoMore(no.Id, no.From);
                break;
            case HostMessages.LookForReleased:
                _arriving.Look();
                break;
            case HostMessages.SendStraysTo strays:
                _strays = strays.To;
                break;
            case HostMessages.QueryCordon:
                Sender.Tell(new HostMessages.CordonIs(_registered.Cordon));
                break;
            case HostMessages.DrainAdvanced advanced:
                _drain = advanced.Standing;
                break;
            case Departures.Known known:
                _arriving.Await(known.Arriving);
                OnRegistry();
                LookForMoves();
                break;
            case Departures.Moved moved:
                OnMoved(moved.Id);
                break;
            case ArrivalDesk.Word word:
                LetGo(_arriving.Hear(word, _registered));
                break;
            case LookDue:
                LookForMoves();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // VMs that were released, to this node and by it: what is to be done stands in the store.
    private void LookForMoves()
    {
        if (_parts.RemoteDisks is not null)
        {
            _arriving.Look();
            _departures.Follow();
            Timers.StartSingleTimer(LookDue.Instance, LookDue.Instance, LookEvery);
        }
    }

    private void LetGo(InstanceId? id)
    {
        if (id is not null)
        {
            _vacancies.Look(id, _registered);
        }
    }

    // It is another node's, which answers for it from now on.
    private void OnMoved(InstanceId id)
    {
        _supervisors.Retire(id);
        if (_parts.Roster.Views.TryGetValue(id, out var view))
        {
            _departures.Linger(view);
        }

        _parts.Roster.Forget(id);
        _followers.Forget(id);
        _departures.Remove();
    }

    private sealed record LookDue : INoSerializationVerificationNeeded
    {
        public static LookDue Instance { get; } = new();
    }
}
