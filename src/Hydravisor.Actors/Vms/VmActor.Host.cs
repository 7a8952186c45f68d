using Akka.Actor;
using Akka.Event;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <content>What a VM's host wants of it that is nobody's command.</content>
internal sealed partial class VmActor
{
    // What the host wants that is no command.
    private void OnHost(object message)
    {
        switch (message)
        {
            case VmHostProtocol.Look:
                _driver.Look(_state);
                break;
            case VmHostProtocol.Brake:
                Brake();
                break;
            case VmHostProtocol.Reconcile:
                Reconcile();
                break;
            case VmHostProtocol.TerminalLost:
                OnTerminalLost();
                break;
            case VmHostProtocol.Retire:
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Decide(VmMoveAsk ask)
    {
        switch (ask.Step.Decide(_state, _runner.Trouble, _brake.FrozenSince(_state)))
        {
            case VmDecision.Denied denied:
                Sender.Tell(Denied(ask.Correlation, denied.Code, denied.Message));
                break;
            case VmDecision.Accepted accepted:
                if (ask.Step is VmMoveStep.Migrate migrate)
                {
                    _world.Expect(new VmFlight(migrate.To, migrate.Landing));
                }

                _asking = new VmAsking(ask.Correlation, Sender, MakesIt: false);
                Store(VmMoveAsk.Cause, accepted.Events);
                break;
            default:
                Sender.Tell(new VmReply.Granted(_view!, Already: true) { Correlation = ask.Correlation });
                break;
        }
    }

    private void Reconcile()
    {
        _chronicle.TellRecovered();
        if (_state is { Exists: true, IsReleased: false, Phase: not VmPhase.Deleting })
        {
            _runner.Attend(_id, _state.Node, _state.Spec!);
        }

        _driver.Reconcile(_state);
    }

    // Somebody killed it: those who look at it get another one.
    private void OnTerminalLost()
    {
        if (_state is { Exists: true, IsReleased: false, Run: not 0, Phase: not VmPhase.Deleting })
        {
            Log.Warning("{InstanceId}: its terminal session was ended from outside; another one is begun", _id.Value);
            _world.OpenTerminal();
        }
    }
}
