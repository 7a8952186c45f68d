using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Terminals;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>Carries out effects: each becomes one call and ends in one observation. Safe for all threads; holds no state.</summary>
internal sealed class VmEffectRunner(VmPorts ports)
{
    // A recording's first size, until the terminal's own is seen.
    private const int ScreenCols = 80;
    private const int ScreenRows = 24;

    private readonly IHypervisor _hypervisor = ports.Hypervisor;

    /// <summary>The VMs' logs.</summary>
    public NodeLogs Logs => ports.Logs;

    /// <summary>Why nothing new may be recorded now; null: it may.</summary>
    public string? RecordingRefusal => ports.Recordings.Refusal;

    /// <summary>Why the hypervisor cannot be reached now; null when it can.</summary>
    public string? Trouble => _hypervisor.Trouble;

    /// <summary>Carries out the operation.</summary>
    /// <param name="operation">What is to be done.</param>
    /// <param name="plan">The domain.</param>
    /// <param name="incarnation">Which boot of it.</param>
    /// <param name="openings">The terminals that are being opened: a deletion waits for them, lest one outlive the VM.</param>
    /// <param name="flight">Where it goes as it runs; null: nowhere, or that was forgotten with the process that knew.</param>
    public async Task<VmObservation> PerformAsync(Operation operation, DomainPlan plan, long incarnation, Task openings, VmFlight? flight)
    {
        long run = 0;
        Outcome outcome;
        switch (operation.Kind)
        {
            case OperationKind.Boot:
                var started = await _hypervisor.StartAsync(plan, incarnation).ConfigureAwait(false);
                outcome = started.Result;
                run = started.Value;
                break;
            case OperationKind.Provision when plan.IsLanded:
                (outcome, run) = await TakeOverAsync(plan, incarnation).ConfigureAwait(false);
                break;
            case OperationKind.Migrate:
                (outcome, run) = await SendAsync(plan.Id, flight).ConfigureAwait(false);
                break;
            case OperationKind.Delete:
                await openings.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                outcome = await DeleteAsync(plan.Id, "the instance was deleted").ConfigureAwait(false);
                break;
            default:
                outcome = await CallAsync(operation, plan).ConfigureAwait(false);
                break;
        }

        return new VmObservation.Ended(operation.Number, operation.Kind, operation.Forced, outcome, run);
    }

    /// <summary>Looks at the domain.</summary>
    public Task<Outcome<Sighting>> LookAsync(InstanceId id) => _hypervisor.InspectAsync(id);

    /// <summary>Notes that the boot began, where no start of the domain did, and waits for its sign of life.</summary>
    public async Task<Outcome<string>> AwaitLifeAsync(DomainPlan plan, long incarnation, CancellationToken cancellation)
    {
        var marked = await _hypervisor.MarkBootAsync(plan.Id, incarnation).ConfigureAwait(false);
        return marked.IsDone
            ? await _hypervisor.WaitReadyAsync(plan, incarnation, cancellation).ConfigureAwait(false)
            : new Outcome<string>(marked, null);
    }

    /// <summary>Has a terminal session.</summary>
    public async Task<Outcome<TerminalSession>> OpenTerminalAsync(InstanceId id, bool recorded)
    {
        var opened = await ports.Consoles.OpenAsync(id, recorded).ConfigureAwait(false);
        if (recorded && opened.IsDone)
        {
            ports.Sizes.Begin(id);
        }

        return opened;
    }

    /// <summary>The domain is off: its terminal session is not brought up again.</summary>
    public void CloseTerminal(InstanceId id)
    {
        ports.Consoles.TurnOff(id);
        ports.Sizes.End(id);
    }

    /// <summary>Stores what the guest says from where that was left off, and records it where the VM is recorded. Harmless when it is done already.</summary>
    public void Attend(InstanceId id, string node, VmSpec spec)
    {
        ports.Logs.Watch(id);
        if (spec.RecordSession)
        {
            var logs = _hypervisor.LogsOf(id);
            // It is tried again until it can be; meanwhile the recordings refuse what is new.
            _ = ports.Recordings.BeginAsync(id, new RecordingStart(node, spec.Name, ScreenCols, ScreenRows, logs.Console, Consoles.TypedLogOf(logs)));
        }
    }

    /// <summary>Records what is about to be typed, after what was before it.</summary>
    /// <param name="view">The VM.</param>
    /// <param name="before">What was to be recorded before.</param>
    /// <param name="by">Who types.</param>
    /// <param name="bytes">What.</param>
    /// <param name="correlation">The number under which the answer is awaited.</param>
    /// <param name="tell">Told the answer, in the order of the calls.</param>
    public async Task RecordInputAsync(VmView view, Task before, string by, byte[] bytes, long correlation, Action<VmReply> tell)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var recorded = await ports.Recordings.InputAsync(view.Id, by, bytes).ConfigureAwait(false);
        tell(recorded.IsDone
            ? new VmReply.Granted(view, Already: true) { Correlation = correlation }
            : new VmReply.Denied(view.Id, ErrorCode.Unavailable, $"what is typed into {view.Id} is recorded, and cannot be now, so nothing was typed: {recorded.Reason}") { Correlation = correlation });
    }

    /// <summary>Runs a program in the guest, once it is written down that it is about to be run; how it ended is written down too.</summary>
    /// <returns>The answer to whoever asked; never fails.</returns>
    public async Task<VmReply> ExecuteAsync(VmView view, VmCommand.Exec exec, Cause cause, long correlation)
    {
        var executing = exec.ToEvent(view);
        if (await ports.Ledger.RecordAsync(cause, executing).ConfigureAwait(false) is { } unrecorded)
        {
            return new VmReply.Denied(view.Id, ErrorCode.Unavailable, $"the command cannot be written down in the ledger now, so it was not run: {unrecorded}") { Correlation = correlation };
        }

        var reply = await ExecuteAsync(view, exec, correlation).ConfigureAwait(false);
        ports.Ledger.Note(cause, VmCommand.Exec.ToEvent(executing, reply));
        return reply;
    }

    private async Task<VmReply> ExecuteAsync(VmView view, VmCommand.Exec exec, long correlation)
    {
        VmReply.Denied Denied(ErrorCode code, string why) => new(view.Id, code, why) { Correlation = correlation };
        var limit = TimeSpan.FromSeconds(exec.LimitSeconds);
        var command = new GuestCommand(exec.Argv, exec.Stdin, limit, Limits.ExecOutputBytesMax);
        var outcome = await _hypervisor.ExecuteAsync(view.Id, command).ConfigureAwait(false);
        return outcome.Value switch
        {
            GuestExit.Ended ended when outcome.IsDone =>
                new VmReply.Executed(view, ended.Code, ended.Output, ended.Errors, ended.Truncated) { Correlation = correlation },
            GuestExit.TimedOut => Denied(ErrorCode.TimedOut, $"the command ran longer than {exec.LimitSeconds} s (timeout_s) and was killed"),
            GuestExit.NotStarted not => Denied(ErrorCode.Impossible, $"the command was not started: {not.Reason}"),
            GuestExit.NoAgent => Denied(
                ErrorCode.Conflict, $"{view.Id} has no guest agent, which runs commands; use its terminal, or an image with one such as debian-12"),
            GuestExit.Lost lost => Denied(ErrorCode.Unavailable, $"the command was started, and how it ended is not known: {lost.Reason}"),
            _ => Denied(ErrorCode.Unavailable, $"it is not known whether the command was started: {outcome.Result.Reason}"),
        };
    }

    /// <summary>Removes what is left of a VM that is another node's by now: its terminal, its domain, its disk.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="to">The node.</param>
    public Task<Outcome> LeaveAsync(InstanceId id, string to) => DeleteAsync(id, $"the instance is on the node {to} now");

    // The console is closed before the domain goes: libvirt 9.0 can deadlock between the two. What the guest said last is stored before its
    // files go; a disk that is too full for that must not keep one from making room.
    private async Task<Outcome> DeleteAsync(InstanceId id, string why)
    {
        ports.Consoles.Remove(id);
        ports.Sizes.End(id);
        await ports.Shared.EndAsync(id, why).ConfigureAwait(false);
        var outcome = await ports.Terminals.CloseAsync(id).ConfigureAwait(false);
        outcome = outcome.IsDone ? await _hypervisor.DestroyAsync(id).ConfigureAwait(false) : outcome;
        if (!outcome.IsDone)
        {
            return outcome;
        }

        await ports.Logs.DrainAsync(id).ConfigureAwait(false);
        await ports.Recordings.EndAsync(id).ConfigureAwait(false);
        return await _hypervisor.RemoveAsync(id).ConfigureAwait(false);
    }

    // Where it stands still it is to run on from there; where it does not, it is off.
    private async Task<(Outcome Outcome, long Run)> TakeOverAsync(DomainPlan plan, long incarnation)
    {
        var made = await _hypervisor.ProvisionAsync(plan).ConfigureAwait(false);
        var seen = made.IsDone ? await _hypervisor.InspectAsync(plan.Id).ConfigureAwait(false) : new Outcome<Sighting>(made, null);
        return seen.Value is { Run: not 0 and var run }
            ? (await _hypervisor.MarkBootAsync(plan.Id, incarnation).ConfigureAwait(false), run)
            : (seen.Result, 0);
    }

    private async Task<(Outcome Outcome, long Run)> SendAsync(InstanceId id, VmFlight? flight)
    {
        Outcome sent;
        try
        {
            sent = flight is null || ports.Links is not { } links
                ? Outcome.Failed("its node began anew meanwhile")
                : await _hypervisor.SendAsync(id, flight.Landing, channel => links.ConnectAsync(flight.To, id, channel)).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A defect says nothing about where the guest runs: it must not be taken for one that went off.
        catch (Exception e)
#pragma warning restore CA1031
        {
            sent = Outcome.Failed(e.Message);
        }

        if (sent.Kind != OutcomeKind.Failed)
        {
            return (sent, 0);
        }

        // Whether it still runs here.
        var seen = await _hypervisor.InspectAsync(id).ConfigureAwait(false);
        return seen.Value is { } sighting ? (sent, sighting.Run) : (Outcome.Unavailable(seen.Result.Reason), 0);
    }

    private Task<Outcome> CallAsync(Operation operation, DomainPlan plan) => operation.Kind switch
    {
        OperationKind.Provision => _hypervisor.ProvisionAsync(plan),
        OperationKind.Suspend => _hypervisor.SuspendAsync(plan.Id),
        OperationKind.Resume => _hypervisor.ResumeAsync(plan.Id),
        OperationKind.Stop => operation.Forced ? _hypervisor.DestroyAsync(plan.Id) : _hypervisor.ShutdownAsync(plan.Id),
        OperationKind.Reboot => operation.Forced ? _hypervisor.ResetAsync(plan.Id) : _hypervisor.RebootAsync(plan.Id),
        _ => throw new InvalidOperationException($"{operation.Kind} is an operation without a call."),
    };
}
