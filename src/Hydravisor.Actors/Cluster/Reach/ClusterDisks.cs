using System.Threading.Channels;
using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Disks;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>The disks of VMs on the other nodes of the cluster.</summary>
/// <param name="members">The nodes.</param>
/// <param name="system">Makes the actors that speak with other nodes.</param>
/// <param name="within">How long another node may take to begin, and then to send anything.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusterDisks(Members members, ActorSystem system, TimeSpan within, TimeProvider time) : IRemoteDisks
{
    private readonly RemoteFeeds _remote = new(members, system, within);

    /// <inheritdoc/>
    public async Task<Outcome> BringAsync(string node, InstanceId id, DiskWriting into, CancellationToken stop)
    {
        var woken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        var (feed, opened) = _remote.Open(node, TerminalRole.Auditor, new ReachMessages.OpenDisk(id), () => woken.Writer.TryWrite(true));
        using var disposed = feed;
        try
        {
            var outcome = await opened.WaitAsync(stop).ConfigureAwait(false);
            return outcome.IsDone ? await TakeAsync(feed, woken.Reader, into, stop).ConfigureAwait(false) : outcome;
        }
        catch (OperationCanceledException)
        {
            return Outcome.Unavailable("it was given up");
        }
        catch (TimeoutException)
        {
            return Outcome.Unavailable($"{node} sent nothing of it for {within.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Failed($"the disk cannot be kept: {e.Message}");
        }
    }

    private async Task<Outcome> TakeAsync(RemoteFeed feed, ChannelReader<bool> woken, DiskWriting into, CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            if (feed.TryTake(out var bytes))
            {
                await into.WriteAsync(bytes).ConfigureAwait(false);
            }
            else if (feed.Ended is { } why)
            {
                return feed.IsLost ? Outcome.Unavailable(why) : why == PieceFeed.Whole ? await into.FinishAsync().ConfigureAwait(false) : Outcome.Failed(why);
            }
            else
            {
                await woken.ReadAsync(stop).AsTask().WaitAsync(within, time, stop).ConfigureAwait(false);
            }
        }
    }
}
