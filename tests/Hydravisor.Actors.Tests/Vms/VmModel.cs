using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

/// <summary>What a VM is, in the fewest words: written from the specification, not from the code that it checks.</summary>
/// <param name="Phase">Where it is.</param>
/// <param name="Doing">What is being done to it.</param>
/// <param name="Forced">Without asking the guest.</param>
/// <param name="Ready">Whether the guest has shown life since it booted.</param>
/// <param name="Incarnation">How often it booted.</param>
internal sealed record VmModel(VmPhase Phase, OperationKind? Doing, bool Forced, bool Ready, long Incarnation)
{
    /// <summary>Whether it goes to another node, and ran before that; null: it goes nowhere.</summary>
    public bool? Moves { get; init; }

    /// <summary>Whether it goes there as it runs.</summary>
    public bool Live { get; init; }

    /// <summary>Whether it is the other node's by now.</summary>
    public bool Released { get; init; }

    public static VmModel Created { get; } = new(VmPhase.Provisioning, OperationKind.Provision, false, false, 0);

    /// <summary>What an accepted command makes of it; null: it is not accepted, or nothing new.</summary>
    public VmModel? After(VmCommand command) => (command, Phase, Doing) switch
    {
        _ when Released || (Moves is not null && command is not VmCommand.Delete) => null,
        (VmCommand.Start, VmPhase.Stopped, _) => Boots(OperationKind.Boot),
        (VmCommand.Start, VmPhase.Failed, _) when Incarnation > 0 => Boots(OperationKind.Boot),
        (VmCommand.Stop stop, VmPhase.Running or VmPhase.Booting or VmPhase.Suspended, _) => Does(OperationKind.Stop, stop.Forced, VmPhase.Stopping),
        (VmCommand.Stop, VmPhase.Failed, _) when Incarnation > 0 => Does(OperationKind.Stop, true, VmPhase.Stopping),
        (VmCommand.Stop { Forced: true }, VmPhase.Stopping, _) when !Forced => this with { Forced = true },
        (VmCommand.Suspend, VmPhase.Running, null) => Does(OperationKind.Suspend, false, Phase),
        (VmCommand.Resume, VmPhase.Suspended, null) => Does(OperationKind.Resume, false, Phase),
        (VmCommand.Reboot, VmPhase.Running, null) => Does(OperationKind.Reboot, false, Phase),
        (VmCommand.Delete, not VmPhase.Deleting and not VmPhase.Deleted, _) => Does(OperationKind.Delete, true, VmPhase.Deleting) with { Moves = null, Live = false },
        _ => null,
    };

    /// <summary>What the begin of a move makes of it, where it may.</summary>
    public VmModel AfterMove() => (Phase, Doing) switch
    {
        _ when Moves is not null => this,
        (VmPhase.Running or VmPhase.Booting, null) => Does(OperationKind.Stop, false, VmPhase.Stopping) with { Moves = true },
        (VmPhase.Failed, null) when Incarnation > 0 => Does(OperationKind.Stop, true, VmPhase.Stopping) with { Moves = false },
        (VmPhase.Stopped, null) => this with { Moves = false },
        _ => this,
    };

    /// <summary>What the begin of a move makes of it in which it runs on, where it may.</summary>
    public VmModel AfterMigrate() =>
        this is { Moves: null, Phase: VmPhase.Running, Doing: null } ? Does(OperationKind.Migrate, false, Phase) with { Moves = true, Live = true } : this;

    /// <summary>What it makes of it that it is found off behind a migration that came to nothing.</summary>
    public VmModel AfterLoss() => Doing == OperationKind.Migrate ? (this with { Moves = null, Live = false }).Boots(OperationKind.Boot) : AfterEnd(done: false);

    /// <summary>What the end of a move makes of it, where it may.</summary>
    public VmModel AfterMoveEnd() => Moves is null || Doing is not null ? this
        : (this with { Moves = null, Live = false, Released = false }) is var stays && Moves.Value && (Live || Phase is VmPhase.Stopped or VmPhase.Failed) ? stays.Boots(OperationKind.Boot) : stays;

    /// <summary>What its release makes of it, where it may be released.</summary>
    public VmModel AfterRelease() => this is { Moves: not null, Released: false, Phase: VmPhase.Stopped, Doing: null } ? this with { Released = true } : this;

    /// <summary>What its operation's end makes of it.</summary>
    public VmModel AfterEnd(bool done) => (Doing, done) switch
    {
        (OperationKind.Provision, true) => Boots(OperationKind.Boot),
        (OperationKind.Boot, true) => this with { Doing = null },
        (OperationKind.Suspend, true) => Rests(VmPhase.Suspended),
        (OperationKind.Resume, true) => Rests(Ready ? VmPhase.Running : VmPhase.Booting),
        (OperationKind.Stop, true) when Forced => Rests(VmPhase.Stopped, ready: false),
        (OperationKind.Delete, true) => Rests(VmPhase.Deleted, ready: false),
        (OperationKind.Migrate, true) => this with { Doing = null, Released = true },
        (OperationKind.Migrate, false) => this with { Doing = null, Moves = null, Live = false },
        (OperationKind.Provision or OperationKind.Boot, false) => Rests(VmPhase.Failed, ready: false),
        (OperationKind.Suspend or OperationKind.Resume, false) => Rests(Phase),
        (OperationKind.Stop or OperationKind.Reboot, false) when !Forced => this with { Forced = true },
        (OperationKind.Reboot, false) => Rests(Phase),
        _ => this,
    };

    /// <summary>What a true and current look at the domain makes of it; <c>anew</c>: its run is not the known one.</summary>
    public VmModel AfterLook(Power power, OffReason off, bool anew)
    {
        var gone = power is Power.Off or Power.Missing;
        return (Doing, Phase) switch
        {
            (OperationKind.Provision or OperationKind.Boot or OperationKind.Delete or OperationKind.Migrate, _) or (_, VmPhase.Deleted) => this,
            (OperationKind.Stop, _) => gone ? Rests(VmPhase.Stopped, ready: false) : this,
            (_, VmPhase.Running or VmPhase.Booting or VmPhase.Suspended) when gone =>
                Rests(power == Power.Off && off is OffReason.Shutdown or OffReason.Destroyed ? VmPhase.Stopped : VmPhase.Failed, ready: false),
            (not null, _) => this,
            (_, VmPhase.Stopped) when power == Power.Missing => Rests(VmPhase.Failed, ready: false),
            (_, VmPhase.Stopped) when gone => this,
            (_, VmPhase.Failed) when gone || !anew => this,
            (_, VmPhase.Stopped or VmPhase.Failed) => BootsOutside(power),
            _ when anew => BootsOutside(power),
            (_, VmPhase.Suspended) when power == Power.Running => Rests(Ready ? VmPhase.Running : VmPhase.Booting),
            (_, VmPhase.Running or VmPhase.Booting) when power == Power.Paused => Rests(VmPhase.Suspended),
            _ => this,
        };
    }

    /// <summary>What a reset of the machine makes of it: another boot wherever an agent may have talked to the guest.</summary>
    public VmModel AfterReset() => (Phase, Doing) switch
    {
        (VmPhase.Running or VmPhase.Booting, null or OperationKind.Reboot) => Boots(null),
        (VmPhase.Running or VmPhase.Booting, OperationKind.Suspend) => Boots(OperationKind.Suspend),
        (VmPhase.Suspended, null or OperationKind.Resume) => Boots(Doing) with { Phase = VmPhase.Suspended },
        _ => this,
    };

    /// <summary>What a sign of life, or its absence, makes of it.</summary>
    public VmModel AfterLife(bool alive) => (Phase, Doing) switch
    {
        (VmPhase.Booting, null) => Rests(alive ? VmPhase.Running : VmPhase.Failed, alive),
        _ => this,
    };

    /// <summary>What an operation that takes too long makes of it.</summary>
    public VmModel AfterTime() => (Doing, Forced) switch
    {
        (OperationKind.Stop or OperationKind.Reboot, false) => this with { Forced = true },
        (OperationKind.Reboot, true) => Boots(null),
        _ => this,
    };

    public static VmModel Of(VmState state) =>
        new(state.Phase, state.Operation?.Kind, state.Operation?.Forced ?? false, state.Ready, state.Incarnation) { Moves = state.Move?.Starts, Live = state.Move?.IsLive ?? false, Released = state.IsReleased };

    private VmModel Does(OperationKind what, bool forced, VmPhase phase) => this with { Doing = what, Forced = forced, Phase = phase };

    private VmModel Boots(OperationKind? doing) => this with { Phase = VmPhase.Booting, Doing = doing, Forced = false, Ready = false, Incarnation = Incarnation + 1 };

    private VmModel BootsOutside(Power power) => Boots(null) with { Phase = power == Power.Paused ? VmPhase.Suspended : VmPhase.Booting };

    private VmModel Rests(VmPhase phase, bool? ready = null) => this with { Phase = phase, Doing = null, Forced = false, Ready = ready ?? Ready };
}
