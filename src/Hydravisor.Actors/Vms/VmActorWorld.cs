using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Terminals;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>The driver's hands in an actor: effects run elsewhere, and come back to the actor by <c>PipeTo</c>.</summary>
/// <param name="id">The VM.</param>
/// <param name="self">Its actor.</param>
/// <param name="timers">The actor's timers.</param>
/// <param name="runner">Carries out the effects.</param>
/// <param name="recorded">Whether the VM is recorded.</param>
internal sealed class VmActorWorld(InstanceId id, IActorRef self, ITimerScheduler timers, VmEffectRunner runner, Func<bool> recorded) : IVmWorld, IDisposable
{
    private CancellationTokenSource? _awaitingLife;
    private Task _openings = Task.CompletedTask;
    private Task _inputs = Task.CompletedTask;
    private VmFlight? _flight;

    /// <inheritdoc/>
    public string? Trouble => runner.Trouble;

    /// <inheritdoc/>
    public void Perform(Operation operation, DomainPlan plan, long incarnation) =>
        runner.PerformAsync(operation, plan, incarnation, _openings, _flight).PipeTo(
            self,
            success: observation => observation,
            failure: e => new VmObservation.Ended(operation.Number, operation.Kind, operation.Forced, Outcome.Failed(e.Message), Run: 0));

    /// <summary>Where it goes as it runs, when it is told to go.</summary>
    public void Expect(VmFlight flight) => _flight = flight;

    /// <inheritdoc/>
    public void Look(long revision, bool behind) =>
        runner.LookAsync(id).PipeTo(
            self,
            success: seen => seen is { IsDone: true, Value: { } sighting }
                ? new VmObservation.Seen(revision, behind, sighting)
                : (object)new VmEcho.LookedInVain(seen.Result.Reason),
            failure: e => new VmEcho.LookedInVain(e.Message));

    /// <inheritdoc/>
    public void AwaitLife(DomainPlan plan, long incarnation, long wait)
    {
        _awaitingLife = new CancellationTokenSource();
        runner.AwaitLifeAsync(plan, incarnation, _awaitingLife.Token).PipeTo(
            self,
            success: sign => sign is { IsDone: true, Value: { } word }
                ? new VmObservation.Alive(incarnation, word)
                : (object)new VmEcho.NoLife(wait, sign.Result),
            failure: e => new VmEcho.NoLife(wait, Outcome.Failed(e.Message)));
    }

    /// <inheritdoc/>
    public void AwaitLifeNoMore()
    {
        _awaitingLife?.Cancel();
        _awaitingLife?.Dispose();
        _awaitingLife = null;
    }

    /// <inheritdoc/>
    public void OpenTerminal() => OpenTerminal(waiting: null);

    /// <summary>Has a terminal session, for somebody who waits for it.</summary>
    public void OpenTerminal(VmTerminalOpened.Waiter? waiting)
    {
        var opening = runner.OpenTerminalAsync(id, recorded());
        _openings = Task.WhenAll(_openings, opening);
        opening.PipeTo(
            self,
            success: outcome => new VmTerminalOpened(outcome, waiting),
            failure: e => new VmTerminalOpened(Outcome<TerminalSession>.Failed(e.Message), waiting));
    }

    /// <summary>Records what is about to be typed, one after another, and then answers.</summary>
    public void RecordInput(VmView view, string by, byte[] bytes, long correlation, IActorRef from) =>
        _inputs = runner.RecordInputAsync(view, _inputs, by, bytes, correlation, reply => from.Tell(reply, self));

    /// <inheritdoc/>
    public void StartTimer(VmTimer timer, object message, TimeSpan after) => timers.StartSingleTimer(timer, message, after, self);

    /// <inheritdoc/>
    public void CancelTimer(VmTimer timer) => timers.Cancel(timer);

    /// <inheritdoc/>
    public void Dispose() => AwaitLifeNoMore();
}

/// <summary>A terminal was opened, or not.</summary>
/// <param name="Outcome">The session.</param>
/// <param name="Waiting">Who waits for it; null: nobody, it was opened with the boot.</param>
internal sealed record VmTerminalOpened(Outcome<TerminalSession> Outcome, VmTerminalOpened.Waiter? Waiting) : INoSerializationVerificationNeeded
{
    /// <summary>Tells who waits for it, and the log where it was not opened.</summary>
    /// <param name="view">The VM.</param>
    /// <param name="log">The log.</param>
    public void Answer(VmView view, ILoggingAdapter log)
    {
        if (!Outcome.IsDone)
        {
            log.Warning("{InstanceId}: its terminal could not be opened: {Reason}", view.Id.Value, Outcome.Result.Reason);
        }

        Waiting?.From.Tell(Waiting.Reply(view, Outcome));
    }

    /// <summary>Who asked for the terminal, and for which use.</summary>
    public sealed record Waiter(IActorRef From, long Correlation, TerminalRole Role)
    {
        /// <summary>What is answered: how to attach, or why not.</summary>
        public VmReply Reply(VmView view, Outcome<TerminalSession> outcome)
        {
            var readOnly = Role == TerminalRole.Auditor;
            return outcome is { IsDone: true, Value: { } session }
                ? new VmReply.Attached(view, session.Session, readOnly, readOnly ? session.Auditor : session.Operator) { Correlation = Correlation }
                : new VmReply.Denied(view.Id, ErrorCode.Unavailable, "the terminal could not be opened: " + outcome.Result.Reason) { Correlation = Correlation };
        }
    }
}
