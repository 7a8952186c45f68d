using Hydravisor.Actors.Setup;
using Polly;
using Polly.Retry;

namespace Hydravisor.Host.Serve;

/// <summary>The lives of a node in one process: one that the others of its cluster gave up begins anew, until somebody wants it to end.</summary>
/// <param name="time">The clock.</param>
/// <param name="tell">Told why the node does not begin yet, and when it tries again.</param>
internal sealed class NodeLives(TimeProvider time, Func<string, Task> tell)
{
    private static readonly TimeSpan AgainMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AgainMax = TimeSpan.FromSeconds(30);

    /// <summary>Lives.</summary>
    /// <param name="live">One life, from the reading of the settings to the end.</param>
    /// <param name="stop">No life begins any more.</param>
    /// <exception cref="OperationCanceledException">It was to end before it began anew.</exception>
    /// <exception cref="SettingException">It could not begin at all. What else a first life throws is thrown too.</exception>
    public async Task<NodeEnd> RunAsync(Func<Task<NodeEnd>> live, CancellationToken stop)
    {
        var ended = await live().ConfigureAwait(false);
        while (ended is NodeEnd.GivenUp && !stop.IsCancellationRequested)
        {
            ended = await Again(stop).ExecuteAsync(async _ => await live().ConfigureAwait(false), stop).ConfigureAwait(false);
        }

        return ended;
    }

    // A node that served once has right settings: what keeps it from starting again passes. The database may go away at any instant of it, and whatever is thrown then is no reason to be gone for good.
    private ResiliencePipeline<NodeEnd> Again(CancellationToken stop) => new ResiliencePipelineBuilder<NodeEnd> { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions<NodeEnd>
        {
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is not null && !stop.IsCancellationRequested),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = AgainMin,
            MaxDelay = AgainMax,
            OnRetry = attempt => new ValueTask(tell($"{Words(attempt.Outcome.Exception!)}; tried again in {attempt.RetryDelay.TotalSeconds:0.0} s")),
        })
        .Build();

    // Of a defect all is said: nobody could find it otherwise.
    private static string Words(Exception e) => e is SettingException ? e.Message : $"the node could not begin anew: {e}";
}
