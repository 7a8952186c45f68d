using CsCheck;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

/// <summary>Random lives of a VM, step by step beside the model.</summary>
public sealed class VmModelTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly VmCommand[] Wishes =
    [
        new VmCommand.Start(), new VmCommand.Stop(false), new VmCommand.Stop(true), new VmCommand.Suspend(), new VmCommand.Resume(),
        new VmCommand.Reboot(), new VmCommand.Attach(TerminalRole.Auditor), new VmCommand.Type([13]), new VmCommand.Exec(["/bin/true"], null, 1), VmStory.Create(), VmStory.Create("digest-2"),
    ];

    // Deletions are rare, or no life would be long.
    private static readonly Gen<Step> Steps = Gen.Frequency(
        (8, Gen.Int[0, Wishes.Length - 1].Select(i => Asking(Wishes[i]))),
        (1, Gen.Int[0, 9].Select(i => i == 0 ? Asking(new VmCommand.Delete()) : Asking(new VmCommand.Start()))),
        (8, Gen.Bool.Select(End)),
        (1, Gen.Const(Ending(Outcome.Failed("x"), _ => 0, model => model.AfterLoss()))),
        (2, Gen.Const(Moving(state => VmMoveDecider.Migrate(state, "two", null, null), model => model.AfterMigrate()))),
        (4, Gen.Select(Gen.Enum<Power>(), Gen.Enum<OffReason>(), Gen.Bool).Select(Look)),
        (2, Gen.Const(new Step(_ => new VmObservation.Reset(), null, model => model.AfterReset()))),
        (6, Gen.Bool.Select(Life)),
        (2, Gen.Const(new Step(
            state => new VmObservation.Overdue(state.LastOperation, state.Operation?.Forced ?? false, Long), null, model => model.AfterTime()))),
        (3, Gen.Int[0, 5].Select(Stale)),
        (2, Gen.Const(Moving(state => VmMoveDecider.Begin(state, "two", null, null), model => model.AfterMove()))),
        (1, Gen.Const(Moving(state => VmMoveDecider.End(state, "it was to stay", null), model => model.AfterMoveEnd()) with { TakesBack = true })),
        (2, Gen.Const(Moving(state => VmMoveDecider.Release(state, "two", state.Revision), model => model.AfterRelease()))));

    [Fact]
    public void Every_life_is_as_the_model_says() => Steps.Array[0, 60].Sample(steps =>
    {
        var state = Apply(VmState.None, Accept(VmState.None, VmStory.Create()));
        var model = VmModel.Created;
        var operations = new HashSet<long> { 1 };
        foreach (var step in steps)
        {
            var before = state;
            state = Apply(state, step.Events(state));
            model = model.Released && !step.TakesBack ? model : step.Expect(model);
            Assert.True(model == VmModel.Of(state), $"After {step}: the model is {model}, the VM {VmModel.Of(state)}; before, it was {VmModel.Of(before)}.");
            Assert.InRange(state.Incarnation, before.Incarnation, before.Incarnation + 1);
            Assert.True(before.Phase != VmPhase.Deleted || state == before, "deleted is final");
            Assert.True(state.Operation is null || state.Operation.Number == before.Operation?.Number || operations.Add(state.Operation.Number));
            Assert.Equal(before.Id, state.Id);
        }
    }, iter: 20_000);

    [Fact]
    public void A_life_that_is_told_again_from_its_events_is_the_same_life() => Steps.Array[0, 60].Sample(steps =>
    {
        var events = Accept(VmState.None, VmStory.Create()).ToList();
        var state = Apply(VmState.None, events);
        foreach (var step in steps)
        {
            var next = step.Events(state);
            events.AddRange(next);
            state = Apply(state, next);
        }

        Assert.Equal(state, Apply(VmState.None, events));
        Assert.Equal(events.Count, state.Revision);
    }, iter: 5_000);

    private static Step Asking(VmCommand command) => new(_ => null, command, model => model.After(command) ?? model);

    private static Step Moving(Func<VmState, VmDecision> decide, Func<VmModel, VmModel> expect) => new(_ => null, null, expect) { Decide = decide };

    private static Step End(bool done) => Ending(done ? Outcome.Done : Outcome.Failed("x"), state => state.Run + 1, model => model.AfterEnd(done));

    private static Step Ending(Outcome outcome, Func<VmState, long> run, Func<VmModel, VmModel> expect) => new(
        state => state.Operation is { } operation ? new VmObservation.Ended(operation.Number, operation.Kind, operation.Forced, outcome, run(state)) : null,
        null,
        expect);

    private static Step Look(Power power, OffReason off, bool anew) => new(
        state => new VmObservation.Seen(state.Revision, Behind: true, VmStory.Sight(power, off, anew ? state.Run + 1 : state.Run)),
        null,
        model => model.AfterLook(power, off, anew));

    private static Step Life(bool alive) => new(
        state => alive ? new VmObservation.Alive(state.Incarnation, "console") : new VmObservation.BootOverdue(state.Incarnation, Long),
        null,
        model => model.AfterLife(alive));

    // Old news, of whatever kind, mean nothing.
    private static Step Stale(int kind) => new(
        state => kind switch
        {
            0 => new VmObservation.Ended(state.LastOperation - 1, OperationKind.Stop, true, Outcome.Done, 1),
            1 => new VmObservation.Ended(state.LastOperation, OperationKind.Stop, !(state.Operation?.Forced ?? false), Outcome.Done, 1),
            2 => new VmObservation.Seen(state.Revision - 1, true, VmStory.Sight(Power.Off, OffReason.Crashed)),
            3 => new VmObservation.Alive(state.Incarnation - 1, "console"),
            4 => new VmObservation.Overdue(state.LastOperation - 1, false, Long),
            _ => new VmObservation.Ended(state.LastOperation, OperationKind.Boot, state.Operation?.Forced ?? false, Outcome.Unavailable("x"), 1),
        },
        null,
        model => model);

    private static IReadOnlyList<IVmEvent> Accept(VmState state, VmCommand command) =>
        VmDecider.Decide(state, Samples.Id, command, VmStory.Agent, VmStory.RequestId, null, null) is VmDecision.Accepted accepted ? accepted.Events : [];

    private static VmState Apply(VmState state, IReadOnlyList<IVmEvent> events) =>
        events.Aggregate(state, (before, e) => VmFold.Apply(before, e, Samples.Noon.AddSeconds(before.Revision)));

    private sealed record Step(Func<VmState, VmObservation?> Observe, VmCommand? Command, Func<VmModel, VmModel> Expect)
    {
        public Func<VmState, VmDecision>? Decide { get; init; }

        public bool TakesBack { get; init; }

        public IReadOnlyList<IVmEvent> Events(VmState state) =>
            Decide is not null ? (Decide(state) as VmDecision.Accepted)?.Events ?? []
            : Command is not null ? Accept(state, Command)
            : Observe(state) is { } observation ? VmObserver.Observe(state, observation)
            : [];

        public override string ToString() => Command?.ToString() ?? Observe(VmStory.Running().State)?.ToString() ?? "nothing";
    }
}
