using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Logs;
using Hydravisor.Actors.Logs.Following;
using Hydravisor.Actors.Recordings;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>What VMs write and show, for sessions to pass on, wherever the VMs are. Safe for all threads.</summary>
internal interface IVmFeeds
{
    /// <summary>Follows a log.</summary>
    /// <param name="vm">The VM, as it was seen last.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="wake">See <see cref="Feeds.IFeed"/>: called on any thread; must neither block nor throw.</param>
    /// <returns>The feed, which its owner disposes of; unavailable: the log cannot be read, or the VM's node does not answer.</returns>
    Task<Outcome<ILogFeed>> FollowLogAsync(VmView vm, LogStart from, Action wake);

    /// <summary>Reads entries of a log.</summary>
    /// <param name="vm">The VM, as it was seen last.</param>
    /// <param name="from">The first; from the tail: the last <paramref name="limit"/>.</param>
    /// <param name="limit">Most entries; a gap is none.</param>
    /// <param name="bytesMax">Most bytes; one entry comes always.</param>
    Task<Outcome<LogPage>> QueryLogAsync(VmView vm, LogStart from, int limit, int bytesMax);

    /// <summary>Reads a piece of a recording.</summary>
    /// <param name="vm">The VM, as it was seen last.</param>
    /// <param name="node">The node whose recording is meant; null: the VM's.</param>
    /// <param name="quest">Which piece.</param>
    /// <returns>Failed: there is none, or no such node; unavailable: it cannot be read now, or the node does not answer.</returns>
    Task<Outcome<RecordingPage>> ReadRecordingAsync(VmView vm, string? node, RecordingQuest quest);

    /// <summary>Begins to stream a terminal: first the screen as it is, then what comes.</summary>
    /// <param name="vm">The VM, as it was seen last.</param>
    /// <param name="role">What the viewer may do.</param>
    /// <param name="size">The size that an operator would like; null: any.</param>
    /// <param name="wake">As above.</param>
    ITerminalFeed Attach(VmView vm, TerminalRole role, (int Cols, int Rows)? size, Action wake);
}
