using Hydravisor.Actors.Logs.Segments;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Logs;

/// <summary>Goes through the logs of all VMs there ever were and removes what is too old, a few at a turn.</summary>
/// <param name="services">What all share.</param>
/// <param name="isAlive">Whether a VM is there; its log is never removed as a whole.</param>
/// <param name="retain">Has old files of a living VM's log removed.</param>
internal sealed class LogSweep(LogServices services, Func<InstanceId, bool> isAlive, Action<InstanceId> retain) : ILogWork
{
    private const int TurnMax = 32;

    private IEnumerator<string>? _folders;

    /// <inheritdoc/>
    public void Run(LogScratch scratch)
    {
        try
        {
            _folders ??= Directory.EnumerateDirectories(services.Directory).GetEnumerator();
            for (var count = 0; count < TurnMax; count++)
            {
                if (!_folders.MoveNext())
                {
                    _folders.Dispose();
                    return;
                }

                Look(_folders.Current);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is left comes with the next sweep.
            _folders?.Dispose();
            return;
        }

        services.Threads.TryAdd(this);
    }

    private void Look(string folder)
    {
        var firsts = SegmentStore.FirstsIn(folder);
        if (!InstanceId.TryParse(Path.GetFileName(folder), out var id) || firsts.Length == 0)
        {
            return;
        }

        if (isAlive(id))
        {
            if (IsOld(folder, firsts[0]))
            {
                retain(id);
            }
        }
        else if (IsOld(folder, firsts[^1]))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private bool IsOld(string folder, long first) =>
        File.GetLastWriteTimeUtc(SegmentStore.PathOf(folder, first)) < (services.Time.GetUtcNow() - services.Settings.AgeMax).UtcDateTime;
}
