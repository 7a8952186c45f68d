using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;

namespace Hydravisor.Actors.Tests.Vms.Simulation;

/// <summary>The calls of one domain, in the order that <see cref="IHypervisor"/> promises, with what can go wrong on the way.</summary>
internal sealed class DomainCalls(Agenda agenda, Chance chance, Func<bool> isDown, Func<bool> isCalm, Action changed)
{
    private readonly List<Call> _waiting = [];
    private readonly List<Call> _overtaking = [];
    private Call? _current;
    private long _tickets;
    private long _overtakenUpTo;

    /// <summary>How many calls are under way.</summary>
    public int UnderWay => _waiting.Count + _overtaking.Count + (_current is null ? 0 : 1);

    /// <summary>Makes a call that waits for its turn.</summary>
    public void InLane(string name, Func<Outcome> effect, Action<Outcome> ended)
    {
        _waiting.Add(new Call(++_tickets, name, effect, ended));
        TakeTurn();
    }

    /// <summary>Makes a call that overtakes those before it.</summary>
    public void Overtake(string name, Func<Outcome> effect, Action<Outcome> ended)
    {
        var call = new Call(++_tickets, name, effect, ended);
        _overtaking.Add(call);
        Run(call, () =>
        {
            _overtakenUpTo = Math.Max(_overtakenUpTo, call.Ticket);
            return effect();
        });
    }

    /// <summary>The process died: what was under way may still have been done, and nobody hears of it.</summary>
    public void Die()
    {
        foreach (var call in _overtaking.Append(_current).OfType<Call>().Where(call => !call.Done && chance.Of(0.5)))
        {
            if (call.Ticket >= _overtakenUpTo)
            {
                call.Effect();
            }
        }

        foreach (var call in _overtaking.Concat(_waiting).Append(_current).OfType<Call>())
        {
            call.Dead = true;
        }

        _waiting.Clear();
        _overtaking.Clear();
        _current = null;
        changed();
    }

    private void TakeTurn()
    {
        if (_current is null && _waiting.Count > 0 && !_overtaking.Exists(call => call.Ticket < _waiting[0].Ticket))
        {
            var call = _current = _waiting[0];
            _waiting.RemoveAt(0);
            Run(call, () => call.Ticket < _overtakenUpTo ? Outcome.Failed("overtaken") : call.Effect());
        }
    }

    private void Run(Call call, Func<Outcome> effect)
    {
        var fault = isCalm() ? SimulatedFault.None : chance.Below(40) switch
        {
            0 => SimulatedFault.Fail,
            1 => SimulatedFault.Unavailable,
            2 => SimulatedFault.LoseOutcome,
            3 => SimulatedFault.Hang,
            4 => SimulatedFault.HangAfterwards,
            _ => SimulatedFault.None,
        };
        agenda.In(Delay(fault == SimulatedFault.Hang), () =>
        {
            if (call.Dead)
            {
                return;
            }

            var outcome = isDown() || fault == SimulatedFault.Unavailable ? Outcome.Unavailable("not there")
                : fault == SimulatedFault.Fail ? Outcome.Failed("made to fail")
                : effect();
            call.Done = true;
            changed();
            agenda.In(Delay(fault == SimulatedFault.HangAfterwards), () => End(call, fault, outcome));
        });
    }

    private void End(Call call, SimulatedFault fault, Outcome outcome)
    {
        if (!call.Dead)
        {
            _overtaking.Remove(call);
            _current = _current == call ? null : _current;
            call.Ended(isDown() || fault == SimulatedFault.LoseOutcome ? Outcome.Unavailable("its outcome was lost") : outcome);
            TakeTurn();
        }
    }

    private TimeSpan Delay(bool hangs) => hangs ? TimeSpan.FromSeconds(chance.Below(80)) : chance.Delay();

    private sealed record Call(long Ticket, string Name, Func<Outcome> Effect, Action<Outcome> Ended)
    {
        public bool Done { get; set; }

        public bool Dead { get; set; }
    }
}
