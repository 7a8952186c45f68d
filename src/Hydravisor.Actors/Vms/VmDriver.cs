using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Vms;

/// <summary>Sees to it that what a VM's state asks for is done: once at a time, again where that is of use, and in time.</summary>
/// <remarks>
/// It decides nothing about the VM; it only knows what is under way. Single-threaded: its owner tells it of each step and each
/// echo, one after another. Times run from when this process began to wait, so that a guest is not punished for the node's absence.
/// </remarks>
/// <param name="settings">How long to wait for what.</param>
/// <param name="world">What carries it out.</param>
internal sealed class VmDriver(VmSettings settings, IVmWorld world)
{
    private (long Number, bool Forced)? _performing;
    private (long Number, bool Forced)? _performed;
    private (long Incarnation, long Wait)? _awaiting;
    private long _waits;
    private int _retries;
    private bool _looking;
    private bool _lookAgain;
    private bool _reconciling;

    /// <summary>The state went on: does what follows.</summary>
    public void Advance(VmState before, VmState after)
    {
        Run(after, VmEffects.Between(before, after));
        if ((_reconciling || _lookAgain) && !_looking)
        {
            Look(after);
        }
    }

    /// <summary>The hypervisor is there: looks at the domain, then takes up what is outstanding.</summary>
    public void Reconcile(VmState state)
    {
        _reconciling = true;
        Look(state);
    }

    /// <summary>Looks at the domain, unless nobody could. One look at a time; one that is under way may have come too early.</summary>
    public void Look(VmState state)
    {
        _lookAgain = _looking;
        if (!_looking && state is { Exists: true, IsReleased: false } && world.Trouble is null)
        {
            _looking = true;
            world.Look(state.Revision, behind: state.Operation is { } operation && _performed == (operation.Number, operation.Forced));
        }
    }

    /// <summary>An observation came: notes that what it answers is no longer under way. Before it is decided on.</summary>
    public void Heard(VmObservation observation)
    {
        switch (observation)
        {
            case VmObservation.Seen:
                _looking = false;
                break;
            case VmObservation.Ended ended when _performing == (ended.Operation, ended.Forced):
                _performing = null;
                _performed = ended.Outcome.IsDone ? (ended.Operation, ended.Forced) : null;
                break;
            case VmObservation.Alive alive when _awaiting?.Incarnation == alive.Incarnation:
                StopAwaiting();
                break;
        }
    }

    /// <summary>An observation came that changed nothing.</summary>
    public void Unmoved(VmState state, VmObservation observation)
    {
        switch (observation)
        {
            // A look that was overtaken by an event says nothing; after one that counts, the outstanding is taken up.
            case VmObservation.Seen seen when seen.Revision != state.Revision || _lookAgain:
                Look(state);
                break;
            case VmObservation.Seen when _reconciling:
                _reconciling = false;
                Run(state, VmEffects.Outstanding(state));
                break;
            case VmObservation.Ended ended:
                AfterEnd(state, ended);
                break;
        }
    }

    /// <summary>Something that was under way came to nothing, or its time came.</summary>
    public void Hear(VmState state, VmEcho echo)
    {
        switch (echo)
        {
            case VmEcho.LookedInVain:
                _looking = false;
                world.StartTimer(VmTimer.Look, new VmEcho.LookAgain(), settings.RetryDelay);
                break;
            case VmEcho.LookAgain:
                Look(state);
                break;
            case VmEcho.Retry retry when state.Operation is { } operation && retry == new VmEcho.Retry(operation.Number, operation.Forced):
                Perform(state, operation);
                break;
            case VmEcho.AskAgain again when state.Operation is { Forced: false } operation && operation.Number == again.Operation:
                AskAgain(state, operation);
                break;
            case VmEcho.NoLife none when _awaiting?.Wait == none.Wait:
                LoseLife(none.Why);
                break;
            case VmEcho.AwaitAgain:
                AwaitLife(state);
                break;
        }
    }

    private void Run(VmState state, IReadOnlyList<VmEffect> effects)
    {
        if (state.Operation is null)
        {
            world.CancelTimer(VmTimer.Operation);
            world.CancelTimer(VmTimer.Retry);
            world.CancelTimer(VmTimer.Ask);
        }

        foreach (var effect in effects)
        {
            switch (effect)
            {
                case VmEffect.Perform perform:
                    _retries = 0;
                    Perform(state, perform.Operation);
                    break;
                case VmEffect.Look:
                    Look(state);
                    break;
                case VmEffect.OpenTerminal:
                    world.OpenTerminal();
                    break;
                case VmEffect.AwaitLife:
                    AwaitLife(state);
                    break;
                case VmEffect.AwaitLifeNoMore:
                    StopAwaiting();
                    break;
            }
        }
    }

    // Without a hypervisor nothing is begun: the host says when it is back, and the state still says what is outstanding.
    private void Perform(VmState state, Operation operation)
    {
        if (world.Trouble is not null || _performing == (operation.Number, operation.Forced))
        {
            return;
        }

        _performing = (operation.Number, operation.Forced);
        world.CancelTimer(VmTimer.Retry);
        world.CancelTimer(VmTimer.Ask);
        world.CancelTimer(VmTimer.Operation);
        if (operation is { Kind: OperationKind.Stop, Forced: false })
        {
            StartOverdue(operation, settings.StopGrace);
        }
        else if (operation is { Kind: OperationKind.Reboot, Forced: false })
        {
            StartOverdue(operation, settings.RebootGrace);
        }

        world.Perform(operation, Plan(state), state.Incarnation);
    }

    // A guest that was in the midst of its boot had nobody who listened to the power button. Its time runs on.
    private void AskAgain(VmState state, Operation operation)
    {
        if (world.Trouble is null && _performing is null)
        {
            _performing = (operation.Number, operation.Forced);
            _performed = null;
            world.Perform(operation, Plan(state), state.Incarnation);
        }
    }

    private void AfterEnd(VmState state, VmObservation.Ended ended)
    {
        if (state.Operation is not { } operation || (operation.Number, operation.Forced) != (ended.Operation, ended.Forced))
        {
            // An outcome of the past: whatever it did, it did behind what was looked at since.
            Look(state);
            return;
        }

        var repeatable = operation is { Kind: OperationKind.Delete or OperationKind.Stop, Forced: true } || (operation.Kind == OperationKind.Provision && state.Arrival is not null);
        if (ended.Outcome.Kind == OutcomeKind.Unavailable || (ended.Outcome.Kind == OutcomeKind.Failed && repeatable))
        {
            world.CancelTimer(VmTimer.Operation);
            var delay = settings.RetryDelay * Math.Pow(2, Math.Min(_retries++, 5));
            world.StartTimer(VmTimer.Retry, new VmEcho.Retry(operation.Number, operation.Forced), delay);
        }
        else if (operation is { Kind: OperationKind.Reboot, Forced: true })
        {
            StartOverdue(operation, settings.RebootGrace);
        }
        else
        {
            // A guest that was asked may be off already, and what told of it overtaken.
            Look(state);
            world.StartTimer(VmTimer.Ask, new VmEcho.AskAgain(operation.Number), settings.AskAgain);
        }
    }

    private void AwaitLife(VmState state)
    {
        if (!VmEffects.AwaitsLife(state) || world.Trouble is not null || _awaiting?.Incarnation == state.Incarnation)
        {
            return;
        }

        world.CancelTimer(VmTimer.LifeRetry);
        world.AwaitLifeNoMore();
        _awaiting = (state.Incarnation, ++_waits);
        world.StartTimer(VmTimer.Life, new VmObservation.BootOverdue(state.Incarnation, settings.BootTimeout), settings.BootTimeout);
        world.AwaitLife(Plan(state), state.Incarnation, _waits);
    }

    // A guest that nobody could watch has its time anew; one that was watched in vain has not.
    private void LoseLife(Outcome why)
    {
        if (why.Kind == OutcomeKind.Unavailable)
        {
            world.CancelTimer(VmTimer.Life);
        }

        _awaiting = null;
        world.StartTimer(VmTimer.LifeRetry, new VmEcho.AwaitAgain(), settings.RetryDelay);
    }

    private void StopAwaiting()
    {
        _awaiting = null;
        world.CancelTimer(VmTimer.Life);
        world.CancelTimer(VmTimer.LifeRetry);
        world.AwaitLifeNoMore();
    }

    private void StartOverdue(Operation operation, TimeSpan after) =>
        world.StartTimer(VmTimer.Operation, new VmObservation.Overdue(operation.Number, operation.Forced, after), after);

    private static DomainPlan Plan(VmState state) => state.Spec!.Plan(state.Id!, state.Node) with { IsImported = state.Arrival is not null, IsLanded = state.Arrival is { IsLive: true } };
}
