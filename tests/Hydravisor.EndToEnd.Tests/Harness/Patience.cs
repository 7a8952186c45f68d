namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>The one limit on waiting. Nothing takes nearly so long, and a disk that stands still for a minute does not fail a test: one that reaches it has failed.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(150);

    /// <summary>Waits for a task, and says what did not come.</summary>
    /// <param name="task">What must come.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <param name="evidence">What to show where it did not come.</param>
    public static async Task<T> InTimeAsync<T>(this Task<T> task, string what, Func<string>? evidence = null)
    {
        await ((Task)task).InTimeAsync(what, evidence);
        return await task;
    }

    /// <summary>Waits for a task, and says what did not come.</summary>
    public static async Task InTimeAsync(this Task task, string what, Func<string>? evidence = null)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            Assert.Fail($"Did not come within {Limit.TotalSeconds} s: {what}\n{evidence?.Invoke()}");
        }
    }

    /// <summary>Looks again and again until what is seen is wanted. A look takes a moment: it asks somebody else.</summary>
    /// <param name="look">What is there now.</param>
    /// <param name="wanted">Whether that is it.</param>
    /// <param name="missed">What to say of the last look where it never is.</param>
    /// <returns>What was wanted.</returns>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> look, Func<T, bool> wanted, Func<T, string> missed)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            var seen = await look();
            if (wanted(seen))
            {
                return seen;
            }

            Assert.False(limit.IsCancellationRequested, missed(seen));
        }
    }
}
