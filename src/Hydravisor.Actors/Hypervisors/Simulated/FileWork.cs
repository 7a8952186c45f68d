namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>Lets work on files run one piece after another, so that a thousand pieces at once do not keep the threads of the pool, which
/// block in them, from the actors. Safe for all threads.</summary>
internal sealed class FileWork
{
    private readonly TaskFactory _one = new(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);

    /// <summary>Runs a piece of work, up to its first wait, when its turn comes.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> work) => _one.StartNew(work).Unwrap();

    /// <summary>Runs a piece of work when its turn comes.</summary>
    public Task RunAsync(Action work) => _one.StartNew(work);
}
