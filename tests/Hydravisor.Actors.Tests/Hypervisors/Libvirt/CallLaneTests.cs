using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Libvirt.Calls;

namespace Hydravisor.Actors.Tests.Hypervisors.Libvirt;

public sealed class CallLaneTests : IDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private readonly ManualResetEventSlim _release = new();

    public void Dispose() => _release.Set();

    [Fact]
    public async Task A_call_runs_on_a_named_thread_of_the_lane()
    {
        using var lane = NewLane();
        var call = lane.Call(() => Outcome<string?>.Done(Thread.CurrentThread.Name));
        Assert.StartsWith("libvirt test", (await Wait.For(call.Answer, "the answer")).Value, StringComparison.Ordinal);
        Assert.True(call.Ended.IsCompleted);
    }

    [Fact]
    public async Task What_a_call_throws_is_a_failure_and_the_thread_lives_on()
    {
        using var lane = NewLane(threads: 1);
        var thrown = await Wait.For(lane.Call<int>(() => throw new InvalidOperationException("a defect")).Answer, "the answer");
        Assert.Equal(Outcome.Failed("a defect"), thrown.Result);
        Assert.True((await Wait.For(lane.Call(() => Outcome<int>.Done(1)).Answer, "the next answer")).IsDone);
    }

    [Fact]
    public async Task A_call_over_its_limit_is_unavailable_and_its_thread_is_counted_until_it_returns()
    {
        using var lane = NewLane(threads: 2, limit: Short);
        var late = new TaskCompletionSource<Outcome<int>>();
        var call = lane.Call(Hang, late.SetResult);
        var answer = await Wait.For(call.Answer, "the answer");
        Assert.Equal(Outcome.Unavailable("it did not answer within 0.1 s"), answer.Result);
        Assert.Equal(1, lane.Stuck);
        Assert.False(call.Ended.IsCompleted);
        Assert.True((await Wait.For(lane.Call(() => Outcome<int>.Done(1)).Answer, "another call")).IsDone);

        _release.Set();

        await Wait.For(call.Ended, "the end of the call");
        Assert.Equal(0, lane.Stuck);
        Assert.Equal(7, (await Wait.For(late.Task, "the late result")).Value);
    }

    [Fact]
    public async Task When_all_threads_hang_what_waits_and_what_comes_is_refused()
    {
        using var lane = NewLane(threads: 1, limit: Short);
        var hanging = lane.Call(Hang);
        var waiting = lane.Call(() => Outcome<int>.Done(1));
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(hanging.Answer, "the hanging call")).Result.Kind);
        Assert.Contains("do not return", (await Wait.For(waiting.Answer, "the waiting call")).Result.Reason, StringComparison.Ordinal);
        var refused = lane.Call(() => Outcome<int>.Done(1));
        Assert.True(refused.Answer.IsCompleted);
        Assert.Equal(OutcomeKind.Unavailable, (await refused.Answer).Result.Kind);

        _release.Set();

        await Wait.For(hanging.Ended, "the end of the call");
        Assert.True((await Wait.For(lane.Call(() => Outcome<int>.Done(1)).Answer, "a call after it")).IsDone);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_says_so()
    {
        using var lane = NewLane(threads: 1, queueMax: 1);
        var first = await BeginToHangAsync(lane);
        var second = lane.Call(() => Outcome<int>.Done(2));
        var third = await Wait.For(lane.Call(() => Outcome<int>.Done(3)).Answer, "the refusal");
        Assert.Equal(Outcome.Unavailable("more than 1 calls wait in the lane 'test'"), third.Result);
        _release.Set();
        Assert.Equal((7, 2), ((await Wait.For(first.Answer, "the first")).Value, (await Wait.For(second.Answer, "the second")).Value));
    }

    [Fact]
    public async Task A_closed_lane_answers_what_waits_and_what_comes()
    {
        var lane = NewLane(threads: 1);
        var first = await BeginToHangAsync(lane);
        var second = lane.Call(() => Outcome<int>.Done(2));
        lane.Dispose();
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(second.Answer, "the second")).Result.Kind);
        Assert.Equal(OutcomeKind.Unavailable, (await Wait.For(lane.Call(() => Outcome<int>.Done(3)).Answer, "the third")).Result.Kind);
        _release.Set();
        await Wait.For(first.Answer, "the first");
    }

    private static CallLane NewLane(int threads = 2, int queueMax = 16, TimeSpan? limit = null) =>
        new("test", threads, queueMax, limit ?? Wait.Limit, TimeProvider.System);

    // A call whose thread has not come to it yet waits as any other.
    private async Task<LaneCall<int>> BeginToHangAsync(CallLane lane)
    {
        var begun = new TaskCompletionSource();
        var call = lane.Call(() =>
        {
            begun.SetResult();
            return Hang();
        });
        await Wait.For(begun.Task, "the call that hangs");
        return call;
    }

    private Outcome<int> Hang()
    {
        _release.Wait();
        return Outcome<int>.Done(7);
    }
}
