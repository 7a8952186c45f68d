using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Libvirt.Calls;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

public sealed class DomainTurnsTests
{
    private readonly DomainTurns _turns = new();
    private readonly List<string> _begun = [];

    [Fact]
    public async Task Calls_on_one_domain_are_made_one_after_another_and_calls_on_two_at_once()
    {
        var (first, second, other) = (new ManualCall(), new ManualCall(), new ManualCall());
        var answers = new[] { InTurn("first", first), InTurn("second", second) };
        var beside = _turns.InTurnAsync(Samples.OtherId, brings: false, _ => Begin("other", other));
        Assert.Equal(["first", "other"], _begun);
        first.Return(1);
        Assert.Equal(1, (await Wait.For(answers[0], "the first")).Value);
        await Wait.Until(() => Begun("second"), "the second begins");
        second.Return(2);
        other.Return(3);
        Assert.Equal((2, 3), ((await Wait.For(answers[1], "the second")).Value, (await Wait.For(beside, "the other")).Value));
    }

    [Fact]
    public async Task What_overtakes_does_not_wait_for_a_call_that_brings_nothing_about()
    {
        var (suspend, start, destroy) = (new ManualCall(), new ManualCall(), new ManualCall());
        var suspending = InTurn("suspend", suspend);
        var starting = InTurn("start", start, brings: true);
        var destroying = Overtake("destroy", destroy);
        Assert.Equal(["suspend", "destroy"], _begun);
        Assert.Equal(OutcomeKind.Failed, (await Wait.For(starting, "the start that waited")).Result.Kind);
        destroy.Return(1);
        Assert.True((await Wait.For(destroying, "the destroy")).IsDone);
        suspend.Return(2);
        Assert.True((await Wait.For(suspending, "the suspend")).IsDone);
        Assert.False(Begun("start"));
    }

    [Fact]
    public async Task What_overtakes_waits_for_a_start_under_way_and_the_start_knows()
    {
        var (start, destroy) = (new ManualCall(), new ManualCall());
        Turn? turn = null;
        var starting = _turns.InTurnAsync(Samples.Id, brings: true, own =>
        {
            turn = own;
            return Begin("start", start);
        });
        Assert.False(turn!.IsOvertaken);
        var destroying = Overtake("destroy", destroy);
        Assert.True(turn.IsOvertaken);
        Assert.False(Begun("destroy"));
        start.Return(1);
        await Wait.For(starting, "the start");
        await Wait.Until(() => Begun("destroy"), "the destroy begins");
        destroy.Return(2);
        Assert.True((await Wait.For(destroying, "the destroy")).IsDone);
    }

    [Fact]
    public async Task What_overtakes_waits_no_longer_for_a_start_that_hangs()
    {
        var (start, destroy) = (new ManualCall(), new ManualCall());
        var starting = InTurn("start", start, brings: true);
        var destroying = Overtake("destroy", destroy);
        start.ExceedLimit();
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(starting, "the start")).Result.Kind);
        await Wait.Until(() => Begun("destroy"), "the destroy begins");
        destroy.Return(1);
        Assert.True((await Wait.For(destroying, "the destroy")).IsDone);
        start.Return(2);
    }

    [Fact]
    public async Task While_a_call_hangs_others_on_its_domain_are_refused_and_afterwards_not()
    {
        var (reset, waits) = (new ManualCall(), new ManualCall());
        var resetting = InTurn("reset", reset);
        var waiting = InTurn("waits", waits);
        reset.ExceedLimit();
        await Wait.For(resetting, "the reset");
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(waiting, "what waited")).Result.Kind);
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(InTurn("comes", new ManualCall()), "what comes")).Result.Kind);
        reset.Return(1);
        var next = new ManualCall();
        Task<Outcome<int>>? answer = null;
        await Wait.Until(
            () =>
            {
                answer = InTurn("next", next);
                return Begun("next");
            },
            "a call is let through again");
        next.Return(2);
        Assert.Equal(2, (await Wait.For(answer!, "the next")).Value);
    }

    [Fact]
    public async Task A_call_after_one_that_overtakes_waits_for_it()
    {
        var (destroy, start) = (new ManualCall(), new ManualCall());
        var destroying = Overtake("destroy", destroy);
        var starting = InTurn("start", start, brings: true);
        Assert.Equal(["destroy"], _begun);
        destroy.Return(1);
        await Wait.For(destroying, "the destroy");
        await Wait.Until(() => Begun("start"), "the start begins");
        start.Return(2);
        Assert.Equal(2, (await Wait.For(starting, "the start")).Value);
    }

    [Fact]
    public async Task Two_that_overtake_are_made_one_after_another()
    {
        var (destroy, remove) = (new ManualCall(), new ManualCall());
        var destroying = Overtake("destroy", destroy);
        var removing = Overtake("remove", remove);
        Assert.Equal(["destroy"], _begun);
        destroy.Return(1);
        await Wait.Until(() => Begun("remove"), "the removal begins");
        remove.Return(2);
        Assert.Equal((1, 2), ((await Wait.For(destroying, "the destroy")).Value, (await Wait.For(removing, "the removal")).Value));
    }

    [Fact]
    public async Task More_calls_than_can_wait_are_refused()
    {
        var first = new ManualCall();
        var running = InTurn("first", first);
        var waiting = Enumerable.Range(0, 16).Select(number => InTurn($"{number}", ManualCall.Returned(number))).ToList();
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(InTurn("too many", new ManualCall()), "the refusal")).Result.Kind);
        first.Return(1);
        await Wait.For(running, "the first");
        var values = await Wait.For(Task.WhenAll(waiting), "those that waited");
        Assert.Equal(Enumerable.Range(0, 16), values.Select(outcome => outcome.Value));
    }

    private bool Begun(string name)
    {
        lock (_begun)
        {
            return _begun.Contains(name);
        }
    }

    private Task<Outcome<int>> InTurn(string name, ManualCall call, bool brings = false) =>
        _turns.InTurnAsync(Samples.Id, brings, _ => Begin(name, call));

    private Task<Outcome<int>> Overtake(string name, ManualCall call) => _turns.OvertakeAsync(Samples.Id, _ => Begin(name, call));

    private LaneCall<int> Begin(string name, ManualCall call)
    {
        lock (_begun)
        {
            _begun.Add(name);
        }

        return call.Call;
    }

    /// <summary>A call on a lane that ends when the test says so.</summary>
    private sealed class ManualCall
    {
        private readonly TaskCompletionSource<Outcome<int>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LaneCall<int> Call => new(_answer.Task, _ended.Task);

        public static ManualCall Returned(int value)
        {
            var call = new ManualCall();
            call.Return(value);
            return call;
        }

        public void Return(int value)
        {
            _ended.SetResult();
            _answer.TrySetResult(Outcome<int>.Done(value));
        }

        public void ExceedLimit() => _answer.SetResult(Outcome<int>.Unavailable("it did not answer"));
    }
}
