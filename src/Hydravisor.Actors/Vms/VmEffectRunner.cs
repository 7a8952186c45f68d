using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Terminals;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>Carries out effects: each becomes one call and ends in one observation. Safe for all threads; holds no state.</summary>
internal sealed class VmEffectRunner(IHypervisor hypervisor, ITerminals terminals)
{
    /// <summary>Why the hypervisor cannot be reached now; null when it can.</summary>
    public string? Trouble => hypervisor.Trouble;

    /// <summary>Carries out the operation.</summary>
    /// <param name="operation">What is to be done.</param>
    /// <param name="plan">The domain.</param>
    /// <param name="incarnation">Which boot of it.</param>
    /// <param name="openings">The terminals that are being opened: a deletion waits for them, lest one outlive the VM.</param>
    public async Task<VmObservation> PerformAsync(Operation operation, DomainPlan plan, long incarnation, Task openings)
    {
        long run = 0;
        Outcome outcome;
        switch (operation.Kind)
        {
            case OperationKind.Boot:
                var started = await hypervisor.StartAsync(plan, incarnation).ConfigureAwait(false);
                outcome = started.Result;
                run = started.Value;
                break;
            case OperationKind.Delete:
                // The console is closed before the domain goes: libvirt 9.0 can deadlock between the two.
                await openings.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                outcome = await terminals.CloseAsync(plan.Id).ConfigureAwait(false);
                outcome = outcome.IsDone ? await hypervisor.RemoveAsync(plan.Id).ConfigureAwait(false) : outcome;
                break;
            default:
                outcome = await CallAsync(operation, plan).ConfigureAwait(false);
                break;
        }

        return new VmObservation.Ended(operation.Number, operation.Kind, operation.Forced, outcome, run);
    }

    /// <summary>Looks at the domain.</summary>
    public Task<Outcome<Sighting>> LookAsync(InstanceId id) => hypervisor.InspectAsync(id);

    /// <summary>Notes that the boot began, where no start of the domain did, and waits for its sign of life.</summary>
    public async Task<Outcome<string>> AwaitLifeAsync(DomainPlan plan, long incarnation, CancellationToken cancellation)
    {
        var marked = await hypervisor.MarkBootAsync(plan.Id, incarnation).ConfigureAwait(false);
        return marked.IsDone
            ? await hypervisor.WaitReadyAsync(plan, incarnation, cancellation).ConfigureAwait(false)
            : new Outcome<string>(marked, null);
    }

    /// <summary>Has a terminal session.</summary>
    public Task<Outcome<TerminalSession>> OpenTerminalAsync(InstanceId id) =>
        terminals.EnsureAsync(id, hypervisor.ConsoleCommand(id));

    /// <summary>Runs a program in the guest.</summary>
    /// <returns>The answer to whoever asked; never fails.</returns>
    public async Task<VmReply> ExecuteAsync(VmView view, VmCommand.Exec exec, long correlation)
    {
        var limit = TimeSpan.FromSeconds(exec.LimitSeconds);
        var command = new GuestCommand(exec.Argv, exec.Stdin, limit, Limits.ExecOutputBytesMax);
        var outcome = await hypervisor.ExecuteAsync(view.Id, command).ConfigureAwait(false);
        VmReply.Denied Denied(ErrorCode code, string why) => new(view.Id, code, why) { Correlation = correlation };
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

    private Task<Outcome> CallAsync(Operation operation, DomainPlan plan) => operation.Kind switch
    {
        OperationKind.Provision => hypervisor.ProvisionAsync(plan),
        OperationKind.Suspend => hypervisor.SuspendAsync(plan.Id),
        OperationKind.Resume => hypervisor.ResumeAsync(plan.Id),
        OperationKind.Stop => operation.Forced ? hypervisor.DestroyAsync(plan.Id) : hypervisor.ShutdownAsync(plan.Id),
        OperationKind.Reboot => operation.Forced ? hypervisor.ResetAsync(plan.Id) : hypervisor.RebootAsync(plan.Id),
        _ => throw new InvalidOperationException($"{operation.Kind} is an operation without a call."),
    };
}
