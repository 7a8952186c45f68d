using Akka.Actor;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>Opens feeds of other nodes. Safe for all threads.</summary>
/// <param name="members">The nodes.</param>
/// <param name="system">Makes the actors that speak with other nodes.</param>
/// <param name="within">How long another node may take to open one.</param>
internal sealed class RemoteFeeds(Members members, ActorSystem system, TimeSpan within)
{
    /// <summary>Opens one.</summary>
    /// <param name="node">The node that has what is followed.</param>
    /// <param name="role">What a viewer of a terminal may do.</param>
    /// <param name="open">What is followed.</param>
    /// <param name="wake">Wakes its owner.</param>
    /// <returns>The feed, which its owner disposes of; and whether it is open, or why it cannot be.</returns>
    public (RemoteFeed Feed, Task<Outcome> Opened) Open(string node, TerminalRole role, object open, Action wake)
    {
        var (feed, opened) = (new RemoteFeed(role, wake), new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously));
        if (members.ByName.GetValueOrDefault(node) is { IsThere: true } member)
        {
            feed.Actor = system.ActorOf(Props.Create(() => new RemoteFeedActor(feed, member, open, opened, within)));
        }
        else
        {
            feed.Lose(Member.Lost(node));
            opened.SetResult(Outcome.Unavailable(Member.Lost(node)));
        }

        return (feed, opened.Task);
    }
}
