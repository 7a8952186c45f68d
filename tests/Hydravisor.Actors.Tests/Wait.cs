using System.Diagnostics;

namespace Hydravisor.Actors.Tests;

/// <summary>Waiting for what must come, under one generous limit.</summary>
internal static class Wait
{
    /// <summary>Longer than anything takes on a busy machine: a test that reaches it has failed. What takes longest is the boot of a whole distribution under emulation, 20 to 35 s.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public static async Task Until(Func<bool> condition, string what) => await Until(() => Task.FromResult(condition()), what);

    public static Task Until(Func<Task<bool>> condition, string what) => Until(condition, () => what);

    public static async Task Until(Func<Task<bool>> condition, Func<string> what)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(clock.Elapsed < Limit, $"Did not come within {Limit.TotalSeconds} s: {what()}");
            await Task.Delay(5);
        }
    }

    public static async Task<T> For<T>(Task<T> task, string what)
    {
        await For((Task)task, what);
        return await task;
    }

    public static async Task For(Task task, string what)
    {
        await Task.WhenAny(task, Task.Delay(Limit));
        Assert.True(task.IsCompleted, $"Did not come within {Limit.TotalSeconds} s: {what}");
        await task;
    }
}
