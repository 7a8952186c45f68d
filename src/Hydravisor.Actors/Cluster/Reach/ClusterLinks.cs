using System.Threading.Channels;
using Akka.Actor;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>Connections to the hypervisors of the other nodes of the cluster, over the links that the nodes have anyway. Safe for all threads.</summary>
/// <param name="members">The nodes.</param>
/// <param name="system">Makes the actors that speak with other nodes.</param>
/// <param name="within">How long another node may take to begin.</param>
internal sealed class ClusterLinks(Members members, ActorSystem system, TimeSpan within) : IRemoteLinks
{
    private readonly RemoteFeeds _remote = new(members, system, within);

    /// <inheritdoc/>
    public async Task<Outcome<LiveLink>> ConnectAsync(string node, InstanceId id, LiveChannel channel)
    {
        var woken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        var (feed, opened) = _remote.Open(node, TerminalRole.Operator, new ReachMessages.OpenLink(id, channel), () => woken.Writer.TryWrite(true));
        var outcome = await opened.ConfigureAwait(false);
        if (outcome.IsDone)
        {
            return Outcome<LiveLink>.Done(new RemoteLink(feed, woken));
        }

        feed.Dispose();
        return new Outcome<LiveLink>(outcome, null);
    }

    // Some pieces are on their way before the first of them is known to have been taken.
    private sealed class RemoteLink(RemoteFeed feed, Channel<bool> woken) : LiveLink
    {
        private const int PiecesAhead = 4;

        private readonly Queue<Task<Outcome>> _underWay = [];
        private ReadOnlyMemory<byte> _left;

        public override async Task<int> ReadAsync(Memory<byte> buffer)
        {
            while (_left.IsEmpty)
            {
                if (feed.TryTake(out _left))
                {
                    continue;
                }

                if (feed.Ended is { } why)
                {
                    return why == PieceFeed.Whole ? 0 : throw new IOException(why);
                }

                if (!await woken.Reader.WaitToReadAsync().ConfigureAwait(false))
                {
                    throw new IOException("it was ended here");
                }

                woken.Reader.TryRead(out _);
            }

            var count = Math.Min(buffer.Length, _left.Length);
            _left[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }

        public override async Task WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            if (bytes.Length > 0)
            {
                await SettleAsync(PiecesAhead - 1).ConfigureAwait(false);
                _underWay.Enqueue(feed.TypeAsync(bytes));
            }
        }

        public override async Task EndAsync()
        {
            _underWay.Enqueue(feed.TypeAsync(ReadOnlyMemory<byte>.Empty));
            await SettleAsync(0).ConfigureAwait(false);
        }

        public override ValueTask DisposeAsync()
        {
            woken.Writer.TryComplete();
            feed.Dispose();
            return ValueTask.CompletedTask;
        }

        private async Task SettleAsync(int most)
        {
            while (_underWay.Count > most)
            {
                if (await _underWay.Dequeue().ConfigureAwait(false) is { IsDone: false, Reason: var why })
                {
                    throw new IOException(why);
                }
            }
        }
    }
}
