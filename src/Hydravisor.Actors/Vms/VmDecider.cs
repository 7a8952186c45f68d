using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>Decides on commands: (state, command) → accepted, already so, or denied. Pure.</summary>
internal static class VmDecider
{
    /// <summary>Decides.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="id">The instance that was addressed.</param>
    /// <param name="command">What is wanted.</param>
    /// <param name="owner">Who wants it.</param>
    /// <param name="requestId">Under which request id.</param>
    /// <param name="incarnation">The incarnation that the agent means, where it says so.</param>
    /// <param name="trouble">Why the hypervisor cannot be reached; null when it can.</param>
    /// <param name="frozenSince">Since when the agent that the VM belongs to is frozen; null: it is not.</param>
    public static VmDecision Decide(
        VmState state, InstanceId id, VmCommand command, string owner, string? requestId, long? incarnation, string? trouble,
        DateTimeOffset? frozenSince = null)
    {
        if (command is VmCommand.Create create)
        {
            return DecideCreate(state, id, create, owner, requestId, trouble);
        }

        if (state.Id is null)
        {
            return NoSuchVm(id);
        }

        if (command is VmCommand.Delete && state.Phase is VmPhase.Deleting or VmPhase.Deleted)
        {
            return new VmDecision.Already();
        }

        if (!state.Exists)
        {
            return NoSuchVm(id);
        }

        if (incarnation is { } meant && meant != state.Incarnation)
        {
            return Deny(VmDenial.OtherIncarnation, $"{id} is in incarnation {state.Incarnation}, not {meant}: it was started anew since. "
                + "Look at its state, then repeat the request with the new number or without one.");
        }

        if (state.Move is { } move && (state.IsReleased || !Overrides(command, move)))
        {
            return VmMoveDecider.Refuse(id, move);
        }

        if (frozenSince is { } since && command is VmCommand.Start or VmCommand.Resume or VmCommand.Reboot)
        {
            return Deny(VmDenial.AgentFrozen, $"{id} belongs to an agent that was frozen at {since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}, and stands still until that agent is thawed (hydravisor agent thaw)");
        }

        if (trouble is not null)
        {
            return Deny(VmDenial.HypervisorDown, $"the hypervisor cannot be reached ({trouble}); nothing was done, try again");
        }

        return DecideChange(state, command, state.LastOperation + 1);
    }

    /// <summary>Decides on a VM that was another node's: it goes on from where that left it, with a new domain. Whether it may is for the store to say.</summary>
    /// <param name="state">What this node knows of it, from an earlier time.</param>
    /// <param name="node">This node.</param>
    /// <param name="left">How the other node left it.</param>
    public static IReadOnlyList<IVmEvent> DecideAdoption(VmState state, string node, VmLeft left) =>
        [new VmEvents.Adopted(node, left.Head, left.State, Math.Max(state.LastOperation, left.State.LastOperation) + 1)];

    /// <summary>Decides on a VM whose agent is frozen: it is suspended as soon as its processors run and nothing else is being done to it, also in its boot.</summary>
    /// <param name="state">The VM.</param>
    /// <param name="runs">Whether its domain was just seen to run: that of a VM that failed may.</param>
    /// <param name="trouble">Why the hypervisor cannot be reached; null when it can.</param>
    /// <returns>Accepted, or already so: there is nothing to do, or nothing yet.</returns>
    public static VmDecision DecideFrozen(VmState state, bool runs, string? trouble) =>
        trouble is null && state is { Exists: true, Operation: null, IsReleased: false }
        && (state.Phase is VmPhase.Running or VmPhase.Booting || (state.Phase == VmPhase.Failed && runs))
            ? Accept(new VmEvents.SuspendAccepted(state.LastOperation + 1))
            : new VmDecision.Already();

    // A deletion overrides a move as it does whatever else is in progress, as long as the VM is this node's; and one that runs on meanwhile can be spoken to.
    private static bool Overrides(VmCommand command, VmMove move) => command is VmCommand.Delete || (move.IsLive && command is VmCommand.Attach or VmCommand.Type);

    private static VmDecision DecideChange(VmState state, VmCommand command, long number) => command switch
    {
        VmCommand.Start => DecideStart(state, number),
        VmCommand.Stop stop => DecideStop(state, stop.Forced, number),
        VmCommand.Suspend => DecideSuspend(state, number),
        VmCommand.Resume => DecideResume(state, number),
        VmCommand.Reboot => DecideReboot(state, number),
        VmCommand.Delete => Accept(new VmEvents.DeleteAccepted(number)),
        VmCommand.Attach => DecideAtTerminal(state, "attached to"),
        VmCommand.Type => DecideAtTerminal(state, "typed into"),
        VmCommand.Exec => state.Phase == VmPhase.Running ? Accept() : WrongPhase(state, "given a command", "only a running guest answers"),
        _ => throw new InvalidOperationException($"{command} is a command without a decision."),
    };

    private static VmDecision DecideCreate(
        VmState state, InstanceId id, VmCommand.Create create, string owner, string? requestId, string? trouble)
    {
        if (state.Id is null)
        {
            return trouble is null
                ? Accept(new VmEvents.Created(id, create.Node, owner, requestId, create.RequestDigest, create.Spec, Operation: 1))
                : Deny(VmDenial.HypervisorDown, $"the hypervisor cannot be reached ({trouble}); nothing was created, try again");
        }

        return state.RequestDigest == create.RequestDigest && state.RequestId == requestId && state.Owner == owner
            ? new VmDecision.Already()
            : Deny(VmDenial.OtherWishes, $"the request_id was used before, for {id}, with other parameters; use a new request_id for another VM");
    }

    private static VmDecision DecideStart(VmState state, long number) => state.Phase switch
    {
        VmPhase.Failed when NeverMade(state) => WrongPhase(state, "started", "its domain was never made; delete it and create another"),
        VmPhase.Stopped or VmPhase.Failed =>
            Accept(new VmEvents.BootBegun(state.Incarnation + 1, BootTrigger.Started, number, Run: 0)),
        VmPhase.Provisioning when state.Arrival is { Starts: false } arrival =>
            Deny(VmDenial.Moving, $"{state.Id} was off when it was moved from the node {arrival.From}, and is still being put in its place; nothing was done, try again"),
        VmPhase.Provisioning or VmPhase.Booting => new VmDecision.Already(),
        VmPhase.Running => AlreadySo(state, "running"),
        VmPhase.Suspended => WrongPhase(state, "started", "resume it"),
        _ => WrongPhase(state, "started", "wait until it is stopped"),
    };

    private static VmDecision DecideStop(VmState state, bool forced, long number) => state.Phase switch
    {
        VmPhase.Running or VmPhase.Booting or VmPhase.Suspended => Accept(new VmEvents.StopAccepted(number, forced)),
        VmPhase.Failed when NeverMade(state) => WrongPhase(state, "stopped", "its domain was never made; delete it and create another"),
        // A boot that was given up may have left the domain running: there is nobody in it to ask.
        VmPhase.Failed => Accept(new VmEvents.StopAccepted(number, Forced: true)),
        VmPhase.Stopping when forced && state.Operation is { Forced: false } operation =>
            Accept(new VmEvents.Escalated(operation.Number, "stopped by force at an agent's request")),
        VmPhase.Stopping => new VmDecision.Already(),
        VmPhase.Stopped => AlreadySo(state, "stopped"),
        _ => WrongPhase(state, "stopped", "wait until it boots, or delete it"),
    };

    private static VmDecision DecideSuspend(VmState state, long number) => state switch
    {
        { Operation.Kind: OperationKind.Suspend } => new VmDecision.Already(),
        { Operation: not null, Phase: VmPhase.Running or VmPhase.Suspended } => Busy(state),
        { Phase: VmPhase.Running } => Accept(new VmEvents.SuspendAccepted(number)),
        { Phase: VmPhase.Suspended } => AlreadySo(state, "suspended"),
        _ => WrongPhase(state, "suspended", "only a running VM can be"),
    };

    private static VmDecision DecideResume(VmState state, long number) => state switch
    {
        { Operation.Kind: OperationKind.Resume } => new VmDecision.Already(),
        { Operation: not null, Phase: VmPhase.Running or VmPhase.Suspended } => Busy(state),
        { Phase: VmPhase.Suspended } => Accept(new VmEvents.ResumeAccepted(number)),
        _ => WrongPhase(state, "resumed", "only a suspended VM can be"),
    };

    private static VmDecision DecideReboot(VmState state, long number) => state switch
    {
        { Operation.Kind: OperationKind.Reboot } => new VmDecision.Already(),
        { Operation: not null, Phase: VmPhase.Running } => Busy(state),
        { Phase: VmPhase.Running } => Accept(new VmEvents.RebootAccepted(number)),
        _ => WrongPhase(state, "rebooted", "only a running VM can be"),
    };

    private static VmDecision DecideAtTerminal(VmState state, string cannotBe) =>
        state.Phase is VmPhase.Booting or VmPhase.Running or VmPhase.Suspended or VmPhase.Stopping
            ? Accept()
            : WrongPhase(state, cannotBe, "start it first: a terminal needs a domain that runs");

    // The first boot begins in the same breath in which the provisioning ends.
    private static bool NeverMade(VmState state) => state.Incarnation == 0;

    private static VmDecision.Accepted Accept(params IVmEvent[] events) => new(events);

    private static VmDecision.Denied Deny(VmDenial denial, string message) => new(denial, message);

    private static VmDecision.Denied NoSuchVm(InstanceId id) =>
        Deny(VmDenial.NoSuchVm, $"there is no instance {id}; vm/list shows those there are");

    private static VmDecision.Denied AlreadySo(VmState state, string so) =>
        Deny(VmDenial.AlreadySo, $"{state.Id} is already {so}");

    private static VmDecision.Denied Busy(VmState state) =>
        Deny(VmDenial.Busy, $"{state.Id} has a {Name(state.Operation!.Kind)} in progress; wait for its vm/state, or stop or delete it");

    private static VmDecision.Denied WrongPhase(VmState state, string cannotBe, string instead) =>
        Deny(VmDenial.WrongPhase, $"{state.Id} is {state.Phase.ToWireName()} and cannot be {cannotBe}: {instead}");

    private static string Name(OperationKind kind) => kind switch
    {
        OperationKind.Suspend => "suspension",
        OperationKind.Resume => "resumption",
        OperationKind.Reboot => "reboot",
        OperationKind.Stop => "stop",
        OperationKind.Delete => "deletion",
        OperationKind.Migrate => "move",
        _ => "start",
    };
}
