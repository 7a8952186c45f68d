using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests.Vms;

/// <summary>One VM told by its commands and observations, without actor or world.</summary>
internal sealed class VmStory
{
    public const string Agent = "agent-1";

    public const string RequestId = "request-1";

    public const string Elsewhere = "node-2";

    private DateTimeOffset _now = Samples.Noon;

    public VmState State { get; private set; } = VmState.None;

    public Operation Operation => State.Operation ?? throw new InvalidOperationException($"There is no operation in {State.Phase}.");

    // The situations that a VM can be in, each reached as it would be.
    public static VmStory Provisioning() => new VmStory().Asked(Create());

    public static VmStory Starting() => Provisioning().Ended();

    public static VmStory Booting() => Starting().Ended(run: 1);

    public static VmStory Running() => Booting().Saw(new VmObservation.Alive(1, "console"));

    public static VmStory Suspending() => Running().Asked(new VmCommand.Suspend());

    public static VmStory Suspended() => Suspending().Ended();

    public static VmStory Resuming() => Suspended().Asked(new VmCommand.Resume());

    public static VmStory Rebooting() => Running().Asked(new VmCommand.Reboot());

    public static VmStory RebootingByForce() => Rebooting().Overdue();

    public static VmStory Stopping() => Running().Asked(new VmCommand.Stop(Forced: false));

    public static VmStory StoppingByForce() => Running().Asked(new VmCommand.Stop(Forced: true));

    public static VmStory Stopped() => StoppingByForce().Ended();

    public static VmStory FailedProvisioning() => Provisioning().Ended(Outcome.Failed("the disk is full"));

    public static VmStory Failed() => Running().Seen(Power.Off, OffReason.Crashed);

    public static VmStory FailedBoot() => Booting().Saw(new VmObservation.BootOverdue(1, TimeSpan.FromMinutes(2)));

    public static VmStory Deleting() => Running().Asked(new VmCommand.Delete());

    public static VmStory Deleted() => Deleting().Ended();

    public static VmStory StoppingToMove() => Running().Decided(state => VmMoveDecider.Begin(state, Elsewhere, null, null));

    public static VmStory OffToMove() => StoppingToMove().Overdue().Ended();

    public static VmStory Released() => OffToMove().Decided(state => VmMoveDecider.Release(state, Elsewhere, state.Revision));

    public static VmStory Migrating() => Running().Decided(state => VmMoveDecider.Migrate(state, Elsewhere, null, null));

    public static VmStory Migrated() => Migrating().Ended();

    public static VmStory Landing() => Migrated().Adopted();

    public static VmStory Arriving(bool ran = true) => (ran ? Released() : Stopped().Decided(state => VmMoveDecider.Begin(state, Elsewhere, null, null)).Decided(state => VmMoveDecider.Release(state, Elsewhere, state.Revision))).Adopted();

    /// <summary>Every situation by its name.</summary>
    public static IReadOnlyList<(string Name, Func<VmStory> Make)> All { get; } =
    [
        ("not there", () => new VmStory()),
        ("provisioning", Provisioning),
        ("booting, its domain being started", Starting),
        ("booting", Booting),
        ("running", Running),
        ("running, being suspended", Suspending),
        ("running, being rebooted", Rebooting),
        ("running, being reset", RebootingByForce),
        ("suspended", Suspended),
        ("suspended, being resumed", Resuming),
        ("stopping", Stopping),
        ("stopping by force", StoppingByForce),
        ("stopped", Stopped),
        ("failed, never provisioned", FailedProvisioning),
        ("failed, its QEMU died", Failed),
        ("failed, no sign of life", FailedBoot),
        ("stopping, to be moved", StoppingToMove),
        ("stopped, being moved", OffToMove),
        ("stopped, released to another node", Released),
        ("running, being migrated", Migrating),
        ("running, migrated to another node", Migrated),
        ("provisioning, migrated here", Landing),
        ("provisioning where it was moved to", () => Arriving()),
        ("provisioning where it was moved to, off before", () => Arriving(ran: false)),
        ("deleting", Deleting),
        ("deleted", Deleted),
    ];

    public static VmCommand.Create Create(string digest = "digest-1") => new(Samples.Node, digest, Samples.Spec());

    public static Sighting Sight(Power power, OffReason off = OffReason.Unknown, long run = 0) =>
        new(Samples.Id, power, off, power is Power.Running or Power.Paused ? run : 0, Samples.Node);

    public VmDecision Decide(VmCommand command, long? incarnation = null, string? trouble = null, string agent = Agent, string? requestId = RequestId) =>
        VmDecider.Decide(State, Samples.Id, command, agent, requestId, incarnation, trouble);

    public VmStory Asked(VmCommand command)
    {
        var accepted = Assert.IsType<VmDecision.Accepted>(Decide(command));
        Apply(accepted.Events);
        return this;
    }

    /// <summary>What the node decides by itself, and must be let.</summary>
    public VmStory Decided(Func<VmState, VmDecision> decide)
    {
        Apply(Assert.IsType<VmDecision.Accepted>(decide(State)).Events);
        return this;
    }

    /// <summary>The other node goes on with it.</summary>
    public VmStory Adopted()
    {
        Apply(VmDecider.DecideAdoption(VmState.None, Elsewhere, new VmLeft(new StreamHead(VmActor.StreamOf(State.Node, Samples.Id), State.Revision, EventHash.Start.Hex), State)));
        return this;
    }

    public IReadOnlyList<IVmEvent> Observe(VmObservation observation) => VmObserver.Observe(State, observation);

    /// <summary>An observation that must change something.</summary>
    public VmStory Saw(VmObservation observation)
    {
        var events = Observe(observation);
        Assert.NotEmpty(events);
        Apply(events);
        return this;
    }

    /// <summary>A look at the domain that must change something.</summary>
    public VmStory Seen(Power power, OffReason off = OffReason.Unknown, long run = 1) =>
        Saw(new VmObservation.Seen(State.Revision, Behind: true, Sight(power, off, run)));

    /// <summary>An observation that must change nothing.</summary>
    public VmStory Ignored(VmObservation observation)
    {
        Assert.Empty(Observe(observation));
        return this;
    }

    public VmObservation.Ended End(Outcome? outcome = null, long run = 0) =>
        new(Operation.Number, Operation.Kind, Operation.Forced, outcome ?? Outcome.Done, run);

    /// <summary>The operation in flight ended so.</summary>
    public VmStory Ended(Outcome? outcome = null, long run = 0) => Saw(End(outcome, run));

    public VmStory Overdue() => Saw(new VmObservation.Overdue(Operation.Number, Operation.Forced, TimeSpan.FromSeconds(60)));

    private void Apply(IReadOnlyList<IVmEvent> events)
    {
        foreach (var e in events)
        {
            _now += TimeSpan.FromSeconds(1);
            State = VmFold.Apply(State, e, _now);
        }
    }
}
