namespace Hydravisor.Actors.Logs;

/// <summary>Something that a thread of the logs does: a short turn, after which others have theirs.</summary>
internal interface ILogWork
{
    /// <summary>Does it. Throws nothing.</summary>
    /// <param name="scratch">The thread's.</param>
    void Run(LogScratch scratch);
}
