using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests.Vms.Simulation;

/// <summary>The driver's hands in the simulation: what <c>VmActorWorld</c> and <c>VmEffectRunner</c> are in the node.</summary>
internal sealed class NodeHands(Agenda agenda, Chance chance, SimulatedMachine machine, Func<bool> isCalm, Action<object> deliver) : IVmWorld
{
    private readonly Dictionary<VmTimer, long> _timers = [];
    private readonly List<Action> _afterOpenings = [];
    private long _timerCount;
    private int _openings;
    private long _wait;

    public string? Trouble => machine.IsDown ? "down" : null;

    /// <summary>What is on its way to the node and is no timer.</summary>
    public int OnTheWay { get; private set; }

    /// <summary>Whether the process that these are the hands of has died.</summary>
    public bool Dead { get; private set; }

    /// <summary>Told of each call that failed because it was made to.</summary>
    public Action<Operation> Failed { get; init; } = _ => { };

    /// <summary>Told before a call acts on the domain in the name of an operation.</summary>
    public Action<Operation, long> Acting { get; init; } = (_, _) => { };

    public void Die()
    {
        Dead = true;
        machine.HasTerminal |= _openings > 0 && chance.Of(0.5);
    }

    public void Perform(Operation operation, DomainPlan plan, long incarnation)
    {
        long run = 0;
        void Ended(Outcome outcome)
        {
            if (outcome.Kind == OutcomeKind.Failed)
            {
                Failed(operation);
            }

            Send(new VmObservation.Ended(operation.Number, operation.Kind, operation.Forced, outcome, outcome.IsDone ? run : 0));
        }

        Outcome Act(Func<Outcome> effect)
        {
            Acting(operation, incarnation);
            return effect();
        }

        var domains = machine.Domains;
        var calls = machine.Calls;
        switch (operation)
        {
            case { Kind: OperationKind.Provision }:
                calls.InLane("provision", () => Act(() => domains.Provision(plan, agenda.Now)), Ended);
                break;
            case { Kind: OperationKind.Boot }:
                calls.InLane("start", () => Act(() =>
                {
                    var started = domains.Start(plan.Id, incarnation, agenda.Now);
                    run = started.Value;
                    return started.Result;
                }), Ended);
                break;
            case { Kind: OperationKind.Suspend }:
                calls.InLane("suspend", () => Act(() => domains.Suspend(plan.Id, agenda.Now)), Ended);
                break;
            case { Kind: OperationKind.Resume }:
                calls.InLane("resume", () => Act(() => domains.Resume(plan.Id, agenda.Now)), Ended);
                break;
            case { Kind: OperationKind.Reboot, Forced: false }:
                calls.InLane("reboot", () => Act(() => domains.Reboot(plan.Id, agenda.Now)), Ended);
                break;
            case { Kind: OperationKind.Reboot, Forced: true }:
                calls.InLane("reset", () => Act(() => domains.Reset(plan.Id, agenda.Now)), Ended);
                break;
            case { Kind: OperationKind.Stop, Forced: false }:
                calls.InLane("shutdown", () => Act(() => domains.Shutdown(plan.Id, agenda.Now)), Ended);
                break;
            case { Kind: OperationKind.Stop, Forced: true }:
                calls.Overtake("destroy", () => Act(() => domains.Destroy(plan.Id, agenda.Now)), Ended);
                break;
            case { Kind: OperationKind.Delete }:
                AfterOpenings(() =>
                {
                    machine.HasTerminal = false;
                    calls.Overtake("remove", () => Act(() => domains.Remove(plan.Id, agenda.Now)), Ended);
                });
                break;
        }
    }

    public void Look(long revision, bool behind)
    {
        OnTheWay++;
        Later(() =>
        {
            var blind = machine.IsDown || (!isCalm() && chance.Of(0.03));
            var seen = machine.Domains.Inspect(Samples.Id, agenda.Now);
            machine.Changed();
            OnTheWay--;
            Send(blind || machine.IsDown ? new VmEcho.LookedInVain("down") : new VmObservation.Seen(revision, behind, seen));
        });
    }

    public void AwaitLife(DomainPlan plan, long incarnation, long wait)
    {
        _wait = wait;
        machine.Calls.InLane("mark", () => machine.Domains.MarkBoot(plan.Id, incarnation, agenda.Now), marked =>
        {
            if (marked.IsDone)
            {
                Watch(incarnation, wait);
            }
            else
            {
                Send(new VmEcho.NoLife(wait, marked));
            }
        });
    }

    public void AwaitLifeNoMore() => _wait = 0;

    public void OpenTerminal()
    {
        _openings++;
        Later(() =>
        {
            machine.HasTerminal |= isCalm() || !chance.Of(0.05);
            _openings--;
            if (_openings == 0)
            {
                _afterOpenings.ForEach(action => action());
                _afterOpenings.Clear();
            }
        });
    }

    public void StartTimer(VmTimer timer, object message, TimeSpan after)
    {
        var mine = _timers[timer] = ++_timerCount;
        agenda.In(after, () =>
        {
            if (_timers.GetValueOrDefault(timer) == mine && !Dead)
            {
                _timers.Remove(timer);
                deliver(message);
            }
        });
    }

    public void CancelTimer(VmTimer timer) => _timers.Remove(timer);

    // The real one polls too.
    private void Watch(long incarnation, long wait)
    {
        if (_wait != wait || Dead)
        {
            Send(new VmEcho.NoLife(wait, Outcome.Unavailable("nobody waits for it any more")));
        }
        else if (machine.IsDown || (!isCalm() && chance.Of(0.01)))
        {
            Send(new VmEcho.NoLife(wait, Outcome.Unavailable("down")));
        }
        else if (machine.Domains.IsReady(Samples.Id, incarnation, agenda.Now))
        {
            machine.Changed();
            Send(new VmObservation.Alive(incarnation, "console"));
        }
        else
        {
            machine.Changed();
            agenda.In(TimeSpan.FromMilliseconds(500), () => Watch(incarnation, wait));
        }
    }

    private void AfterOpenings(Action action)
    {
        if (_openings == 0)
        {
            action();
        }
        else
        {
            _afterOpenings.Add(action);
        }
    }

    private void Send(object message)
    {
        OnTheWay++;
        agenda.In(chance.Delay(), () =>
        {
            OnTheWay--;
            deliver(message);
        });

        // An outcome may be told twice; the number on it makes the second one old news.
        if (!isCalm() && message is VmObservation.Ended or VmObservation.Alive && chance.Of(0.05))
        {
            agenda.In(chance.Delay(), () => deliver(message));
        }
    }

    private void Later(Action what) => agenda.In(chance.Delay(), () =>
    {
        if (!Dead)
        {
            what();
        }
    });
}
