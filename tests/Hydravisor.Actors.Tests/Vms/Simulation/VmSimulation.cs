using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms.Simulation;

/// <summary>One VM's life under everything that can go wrong, in one thread, all of it following from a seed.</summary>
/// <remarks>
/// The real decider, observer, fold, effects and driver; a simulated machine; a node whose process or actor dies at any point
/// (before an event is stored, after it, with effects half done); an agent that asks for anything; an operator and a guest that
/// do as they please. After some minutes all that ends, and what is left must be so as was promised.
/// </remarks>
internal sealed class VmSimulation
{
    private const int StepsMax = 50_000;

    private static readonly VmSettings Times = new(
        BootTimeout: TimeSpan.FromMinutes(10), StopGrace: TimeSpan.FromSeconds(60), RebootGrace: TimeSpan.FromSeconds(30), AskAgain: TimeSpan.FromSeconds(10),
        RetryDelay: TimeSpan.FromSeconds(1), SnapshotEvery: 10);

    private static readonly string?[] Guests = [null, null, null, null, "deaf", "silent", "frail"];

    private readonly Agenda _agenda = new();
    private readonly Chance _chance;
    private readonly SimulatedMachine _machine;
    private readonly SimulationChecks _checks;
    private readonly List<string>? _trace;
    private readonly VmSpec _spec;
    private NodeHands? _hands;
    private VmDriver? _driver;
    private VmState _state = VmState.None;
    private int _life;
    private int _news;
    private bool _calm;
    private readonly bool _moves;

    public VmSimulation(int seed, bool traced = false, bool moves = false)
    {
        _moves = moves;
        _chance = new Chance(seed);
        _trace = traced ? [] : null;
        _machine = new SimulatedMachine(_agenda, _chance, () => _calm) { Tell = Tell };
        _spec = Samples.Spec(_chance.One(Guests));
        _checks = new SimulationChecks(_machine, _spec);
    }

    public IReadOnlyList<string> Trace => _trace ?? [];

    /// <summary>Lives the life through.</summary>
    /// <exception cref="BrokenPromiseException">An invariant does not hold.</exception>
    public void Run()
    {
        Begin();
        _agenda.In(TimeSpan.Zero, Stir);
        RunUntil(_agenda.Now + TimeSpan.FromMinutes(4));
        _calm = true;
        Trace_("--- from here on nothing goes wrong");
        FindHypervisor();
        BeginAgain();
        EndMove();

        RunUntil(_agenda.Now + TimeSpan.FromHours(1));
        _checks.AtRest(_state);
    }

    private bool IsQuiet => _hands is { OnTheWay: 0 } && _news == 0 && _machine.Calls.UnderWay == 0 && !_machine.IsDown;

    private void RunUntil(DateTimeOffset end)
    {
        for (var steps = 0; _agenda.Step(end); steps++)
        {
            BrokenPromiseException.ThrowIf(steps > StepsMax, "the state converges: it never comes to rest");
            _checks.AfterStep(_hands is null ? null : _state, IsQuiet);
        }
    }

    // Whoever is about: the agent, the operator, the guest, and bad luck.
    private void Stir()
    {
        if (_calm)
        {
            return;
        }

        switch (_chance.Below(20))
        {
            case < 11:
                Ask();
                break;
            case < 14:
                ActOutside();
                break;
            case 14:
                Crash();
                break;
            case 15:
                FailActor();
                break;
            case 16 when !_machine.IsDown:
                LoseHypervisor();
                break;
            case > 16 when _moves:
                Move();
                break;
        }

        _agenda.In(_chance.Pause(), Stir);
    }

    private void Ask()
    {
        VmCommand command = _chance.Below(20) switch
        {
            < 4 => new VmCommand.Start(),
            < 7 => new VmCommand.Stop(Forced: false),
            < 9 => new VmCommand.Stop(Forced: true),
            < 12 => new VmCommand.Suspend(),
            < 15 => new VmCommand.Resume(),
            < 18 => new VmCommand.Reboot(),
            18 => new VmCommand.Attach(TerminalRole.Operator),
            _ => new VmCommand.Delete(),
        };
        command = _state.Phase == VmPhase.Stopping && _chance.Of(0.5) ? new VmCommand.Stop(Forced: true) : command;
        command = _state.Id is null ? new VmCommand.Create(Samples.Node, "digest", _spec) : command;
        if (_hands is null)
        {
            return;
        }

        var decision = VmDecider.Decide(_state, Samples.Id, command, "agent", "request", null, _hands.Trouble);
        Trace_($"agent: {command.GetType().Name} -> {decision.GetType().Name}");
        if (decision is VmDecision.Accepted { Events: { Count: > 0 } events } && Store(events, command))
        {
            Advance();
        }
        else if (decision is VmDecision.Accepted { Events.Count: 0 })
        {
            _hands.OpenTerminal();
        }
    }

    // Its node is drained, and that comes to nothing: what a release begins is another node's story.
    private void Move()
    {
        if (_hands is not null)
        {
            Store(_state.Move is null ? VmMoveDecider.Begin(_state, "two", _hands.Trouble, frozenSince: null) : VmMoveDecider.End(_state, "it stays", frozenSince: null));
        }
    }

    private void EndMove()
    {
        if (_hands is not null)
        {
            Store(VmMoveDecider.End(_state, "it stays", frozenSince: null));
        }

        if (_state.Move is not null)
        {
            _agenda.In(TimeSpan.FromMinutes(1), EndMove);
        }
    }

    private void Store(VmDecision decision)
    {
        if (decision is VmDecision.Accepted { Events: var events })
        {
            _checks.Moved();
            if (Store(events))
            {
                Advance();
            }
        }
    }

    private void ActOutside()
    {
        var action = _chance.One(Enum.GetValues<OutsideAction>());
        if (action == OutsideAction.Undefine && _chance.Of(0.7))
        {
            return;
        }

        if (_machine.Domains.Act(Samples.Id, action, _agenda.Now))
        {
            Trace_($"outside: {action}");
            _checks.ActedOutside(action);
            _machine.Changed();
        }
    }

    private void LoseHypervisor()
    {
        Trace_("the hypervisor is lost");
        _machine.GoDown();
        _agenda.In(_chance.Pause() * 2, FindHypervisor);
    }

    private void FindHypervisor()
    {
        if (_machine.IsDown)
        {
            Trace_("the hypervisor is back");
            _machine.ComeBack();
            DeliverLater(() => _driver!.Reconcile(_state));
        }
    }

    // The whole process: calls under way may be done or not.
    private void Crash()
    {
        if (_hands is not null)
        {
            Trace_("the node is killed");
            _hands.Die();
            _hands = null;
            _machine.Calls.Die();
            _agenda.In(_chance.Pause(), BeginAgain);
        }
    }

    // Only the VM's actor, as when its journal fails: what is under way goes on, and nobody hears of it.
    private void FailActor()
    {
        if (_hands is not null)
        {
            Trace_("the VM's actor fails");
            _hands.Die();
            _hands = null;
            _agenda.In(_chance.Delay(), BeginAgain);
        }
    }

    private void BeginAgain()
    {
        if (_hands is null)
        {
            Begin();
        }
    }

    private void Begin()
    {
        var life = ++_life;
        _hands = new NodeHands(_agenda, _chance, _machine, () => _calm, message => Deliver(life, message))
        {
            Failed = _checks.MadeToFail,
            Acting = _checks.Acting,
        };
        _driver = new VmDriver(Times, _hands);
        _state = _checks.Refold();
        Trace_($"the VM's actor recovers: {Describe()}");
        if (!_machine.IsDown)
        {
            DeliverLater(() => _driver.Reconcile(_state));
        }
    }

    private void DeliverLater(Action what)
    {
        var life = _life;
        _news++;
        _agenda.In(_chance.Delay(), () =>
        {
            _news--;
            if (_hands is not null && life == _life)
            {
                what();
            }
        });
    }

    private void Tell(HypervisorNews news)
    {
        if (_machine.IsDown || _hands is null)
        {
            return;
        }

        DeliverLater(() =>
        {
            Trace_($"news: {news}");
            if (news is HypervisorNews.Rebooted)
            {
                // News die with an actor whose journal fails, and no look shows a reset.
                if (Observe(new VmObservation.Reset()))
                {
                    _checks.HeardOfReset();
                }
            }
            else
            {
                _driver!.Look(_state);
            }
        });
    }

    private void Deliver(int life, object message)
    {
        if (_hands is null || life != _life)
        {
            return;
        }

        Trace_($"    {message}");
        if (message is VmEcho echo)
        {
            _driver!.Hear(_state, echo);
        }
        else
        {
            Observe((VmObservation)message);
        }
    }

    // False: what followed from it could not be stored.
    private bool Observe(VmObservation observation)
    {
        _driver!.Heard(observation);
        var events = VmObserver.Observe(_state, observation);
        if (events.Count == 0)
        {
            _driver.Unmoved(_state, observation);
            return true;
        }

        var revision = _state.Revision;
        if (Store(events))
        {
            Advance();
        }

        return _checks.Revision != revision;
    }

    private VmState _before = VmState.None;

    // False: the node died before the events were stored, or right behind it.
    private bool Store(IReadOnlyList<IVmEvent> events, VmCommand? command = null)
    {
        if (!_calm && _chance.Of(0.01))
        {
            FailActor();
            return false;
        }

        _before = _state;
        _state = _checks.Store(events, _agenda.Now);
        if (command is not null)
        {
            _checks.Accepted(command, _state);
        }

        Trace_($"stored: {string.Join(", ", events)} => {Describe()}");
        if (!_calm && _chance.Of(0.01))
        {
            Crash();
            return false;
        }

        return true;
    }

    private void Advance()
    {
        if (_calm || !_chance.Of(0.01))
        {
            _driver!.Advance(_before, _state);
        }
        else
        {
            Crash();
        }
    }

    private string Describe() => $"{_state.Phase} incarnation {_state.Incarnation} {_state.Operation}";

    private void Trace_(string what) =>
        _trace?.Add($"{(_agenda.Now - Samples.Noon).TotalSeconds,9:0.000} {what} [domain {_machine.Domain?.Power.ToString() ?? "none"} run {_machine.Domain?.Run}]");
}
