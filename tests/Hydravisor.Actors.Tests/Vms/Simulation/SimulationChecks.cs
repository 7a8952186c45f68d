using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms.Simulation;

/// <summary>A named invariant does not hold.</summary>
internal sealed class BrokenPromiseException(string promise) : Exception(promise)
{
    public static void ThrowIf(bool broken, string promise)
    {
        if (broken)
        {
            throw new BrokenPromiseException(promise);
        }
    }
}

/// <summary>The journal of a simulation, and what must hold of it and of the machine.</summary>
internal sealed class SimulationChecks(SimulatedMachine machine, VmSpec spec)
{
    private readonly List<(IVmEvent Event, DateTimeOffset At)> _journal = [];
    private readonly HashSet<long> _operations = [];
    private readonly Dictionary<long, long> _operationOfRun = [];
    private readonly Dictionary<long, (long Run, long Resets)> _guestOfIncarnation = [];
    private readonly string? _guest = spec.Labels.GetValueOrDefault(SimulatedGuest.Label);
    private VmState _state = VmState.None;
    private VmCommand? _wish;
    private long _wishedAt;
    private bool _deleteWished;
    private bool _undefined;
    private long _resetsHeard;
    private int _logged;
    private (Operation Operation, long Incarnation)? _acting;

    /// <summary>The number of the last event.</summary>
    public long Revision => _state.Revision;

    /// <summary>Stores events, and gives the state after them.</summary>
    public VmState Store(IReadOnlyList<IVmEvent> events, DateTimeOffset at)
    {
        foreach (var e in events)
        {
            BrokenPromiseException.ThrowIf(_state.Phase == VmPhase.Deleted, "deleted is final");
            var next = VmFold.Apply(_state, e, at);
            BrokenPromiseException.ThrowIf(
                next.Incarnation != _state.Incarnation && next.Incarnation != _state.Incarnation + 1, "an incarnation is one more than the last");
            BrokenPromiseException.ThrowIf(
                next.Operation is { } operation && operation.Number != _state.Operation?.Number && !_operations.Add(operation.Number),
                "an operation number never repeats");
            BrokenPromiseException.ThrowIf(
                e is VmEvents.Stopped { Operation: not 0 } && machine.Domain is { IsActive: true } running && _operationOfRun.GetValueOrDefault(running.Run) != 0,
                "a stop is told when the domain is off, not before");
            _journal.Add((e, at));
            _state = next;
        }

        return _state;
    }

    /// <summary>The state that a recovery finds.</summary>
    public VmState Refold() => _journal.Aggregate(VmState.None, (state, stored) => VmFold.Apply(state, stored.Event, stored.At));

    /// <summary>A command was accepted and its events are stored.</summary>
    public void Accepted(VmCommand command, VmState state)
    {
        _deleteWished |= command is VmCommand.Delete;
        _wishedAt = state.Incarnation;

        // Where the node did not know yet what somebody had done, what it accepted may be impossible.
        var possible = command switch
        {
            VmCommand.Suspend or VmCommand.Reboot => machine.Domain?.Power == Power.Running && machine.Domain.Run == state.Run,
            VmCommand.Resume => machine.Domain?.Power == Power.Paused && machine.Domain.Run == state.Run,
            _ => true,
        };
        _wish = possible ? command : null;
    }

    /// <summary>A call failed because it was made to: only what is tried again must still come about.</summary>
    public void MadeToFail(Operation operation)
    {
        if (operation.Kind is not (OperationKind.Stop or OperationKind.Delete) && operation is not { Kind: OperationKind.Reboot, Forced: false })
        {
            _wish = null;
        }
    }

    /// <summary>Somebody did something to the domain.</summary>
    public void ActedOutside(OutsideAction action)
    {
        _wish = null;
        _undefined |= action == OutsideAction.Undefine;
    }

    /// <summary>The node began to move the VM, or ended that.</summary>
    public void Moved() => _wish = null;

    /// <summary>The node was told of a reset.</summary>
    public void HeardOfReset() => _resetsHeard++;

    /// <summary>A call is about to act on the domain.</summary>
    public void Acting(Operation operation, long incarnation)
    {
        BrokenPromiseException.ThrowIf(!_operations.Contains(operation.Number), "nothing is done that is not stored");
        // A process that dies may leave the effects of several calls in one step: each counts for its own.
        CheckLog();
        _acting = (operation, incarnation);
    }

    /// <summary>After each step.</summary>
    public void AfterStep(VmState? live, bool quiet)
    {
        CheckLog();
        if (_state.Phase == VmPhase.Deleted)
        {
            BrokenPromiseException.ThrowIf(machine.Domain is not null, "nothing is left after deleted: its domain is");
            BrokenPromiseException.ThrowIf(machine.HasTerminal, "nothing is left after deleted: its terminal is");
        }

        if (quiet && live is { Operation: null, Phase: VmPhase.Running or VmPhase.Booting or VmPhase.Suspended } state && machine.Domain is { IsActive: true } domain
            && domain.Run == state.Run)
        {
            var guest = (domain.Run, _resetsHeard);
            var before = _guestOfIncarnation.GetValueOrDefault(state.Incarnation, guest);
            BrokenPromiseException.ThrowIf(before != guest, $"incarnation grows whenever the guest is not where it was: {before} and {guest} are both {state.Incarnation}");
            _guestOfIncarnation[state.Incarnation] = guest;
        }
    }

    /// <summary>When all has come to rest.</summary>
    public void AtRest(VmState state)
    {
        BrokenPromiseException.ThrowIf(state != _state && !state.Equals(_state), "the state is what its journal says");
        BrokenPromiseException.ThrowIf(state.Move is not null, "a move ends");
        BrokenPromiseException.ThrowIf(state.Operation is not null, $"the state converges: {state.Operation} never ends");
        var domain = machine.Domain;
        var truth = domain?.Power ?? Power.Missing;
        var agrees = state.Phase switch
        {
            VmPhase.Running => truth == Power.Running && domain!.Ready && domain.Run == state.Run && domain.Boot == state.Incarnation,
            VmPhase.Suspended => truth == Power.Paused && domain!.Run == state.Run,
            VmPhase.Stopped => truth == Power.Off,
            VmPhase.Failed => domain is not { IsActive: true } || domain.Run == state.Run,
            VmPhase.Deleted => truth == Power.Missing,
            VmPhase.Provisioning => state.Id is null,
            _ => false,
        };
        BrokenPromiseException.ThrowIf(!agrees, $"the state converges to the truth: {state.Phase} ({state.Reason}), while the domain is {truth}, {domain}");
        CheckWishes(state);
    }

    private void CheckWishes(VmState state)
    {
        BrokenPromiseException.ThrowIf(_deleteWished && state.Phase != VmPhase.Deleted, "an accepted deletion ends deleted");
        var held = (_wish, _guest) switch
        {
            _ when _undefined => true,
            (VmCommand.Stop, _) => state.Phase == VmPhase.Stopped,
            (_, "silent" or "frail") => true,
            (VmCommand.Create or VmCommand.Start or VmCommand.Resume, _) => state.Phase == VmPhase.Running,
            (VmCommand.Suspend, _) => state.Phase == VmPhase.Suspended,
            (VmCommand.Reboot, _) => state.Phase == VmPhase.Running && state.Incarnation > _wishedAt,
            _ => true,
        };
        BrokenPromiseException.ThrowIf(!held, $"every acknowledged request holds: {_wish} was accepted in incarnation {_wishedAt}, and it is {state.Phase} ({state.Reason})");
    }

    private void CheckLog()
    {
        for (; _logged < machine.Domains.Log.Count; _logged++)
        {
            Check(machine.Domains.Log[_logged]);
        }
    }

    private void Check(SimulatedOperation done)
    {
        if (done.Effect == SimulatedEffect.Started)
        {
            _operationOfRun[done.Run] = done.By == SimulatedBy.Node ? _acting!.Value.Operation.Number : 0;
            BrokenPromiseException.ThrowIf(
                done.By == SimulatedBy.Node && !_journal.Exists(stored => stored.Event is VmEvents.BootBegun begun && begun.Incarnation == done.Boot),
                "no boot that is not stored");
        }

        if (done is { By: SimulatedBy.Node, Effect: SimulatedEffect.Destroyed })
        {
            var (operation, _) = _acting!.Value;
            BrokenPromiseException.ThrowIf(
                operation.Kind is not (OperationKind.Stop or OperationKind.Delete or OperationKind.Boot), $"no guest stops that nobody stopped: {operation}");
            BrokenPromiseException.ThrowIf(
                _operationOfRun[done.Run] > operation.Number, $"no guest stops that nobody stopped: {operation} ended run {done.Run}, started after it");
        }
    }
}
