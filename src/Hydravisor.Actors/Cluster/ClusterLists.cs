using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>What must be asked, and of whom, where it is not about one VM. Not thread-safe: the directory's own.</summary>
/// <param name="parts">What the directory works with.</param>
/// <param name="lost">The nodes that do not answer.</param>
internal sealed class ClusterLists(DirectoryParts parts, LostNodes lost)
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private bool _knowsAll;

    /// <summary>What the store knows of the VMs of nodes that do not answer.</summary>
    public StoredReads Stored { get; } = new(parts.Places);

    /// <summary>Why a list of VMs would not be whole; null: it would. One without some would look as if these had never been.</summary>
    public string? Missing =>
        !parts.Members.IsThere(parts.Members.Self) ? Members.NotJoined
        : !_knowsAll ? "which nodes there are is not looked up yet"
        : null;

    /// <summary>The hosts that can be asked, this node's among them.</summary>
    public IReadOnlyList<ICanTell> Hosts =>
        [parts.Host, .. parts.Members.ByName.Values.Where(member => member.IsThere && member.Name != parts.Members.Self).Select(parts.HostOf)];

    // By what is now, and not by what was told last: a node is away before it is heard of.
    private List<string> Away => [.. _names.Where(name => name != parts.Members.Self && !parts.Members.IsThere(name))];

    /// <summary>There is such a node, or was.</summary>
    public void Know(string name) => _names.Add(name);

    /// <summary>The nodes that have VMs.</summary>
    public void KnowAll(IEnumerable<string> names)
    {
        _knowsAll = true;
        _names.UnionWith(names);
    }

    /// <summary>Who gathers the VMs of all nodes.</summary>
    public Props OfVms(HostMessages.ListVms list, IActorRef asker)
    {
        var (hosts, within, away) = (Hosts, parts.AnswerWithin, Away);
        var those = away.Count == 0 ? null : StoredAsync(away, list);
        var look = Look(parts, lost.All);
        return Props.Create(() => new ListGather(list, hosts, those, asker, within, look));
    }

    /// <summary>Who gathers the VMs of one host.</summary>
    public Props OfVmsAt(ICanTell host, long correlation, IActorRef asker)
    {
        var (all, within) = (new HostMessages.ListVms(correlation, Labels: null, Phase: null), parts.AnswerWithin);
        var look = Look(parts, lost.All);
        return Props.Create(() => new ListGather(all, new[] { host }, null, asker, within, look));
    }

    /// <summary>Who gathers how the nodes are.</summary>
    public Props OfNodes(HostMessages.QueryNodes query, IActorRef asker)
    {
        var members = parts.Members.ByName.Values.ToList();
        var hosts = members.Where(member => member.IsThere).ToDictionary(member => member.Name, parts.HostOf);
        var away = lost.All;
        return Props.Create(() => new NodesGather(query.Correlation, members, hosts, away, asker));
    }

    /// <summary>The host of the node that is to take new VMs, or is not.</summary>
    /// <param name="set">Which; none: this one.</param>
    /// <param name="denied">Where there is no host to ask: why.</param>
    public ICanTell? HostFor(HostMessages.SetCordon set, out VmReply.Denied? denied)
    {
        denied = null;
        var name = set.Node ?? parts.Members.Self;
        if (name == parts.Members.Self)
        {
            return parts.Host;
        }

        if (parts.Members.ByName.GetValueOrDefault(name) is { IsThere: true } member)
        {
            return parts.HostOf(member);
        }

        denied = parts.Members.ByName.ContainsKey(name) || lost.Since(name) is not null
            ? new VmReply.Denied(null, ErrorCode.Unavailable, $"the node '{name}' does not answer; nothing was done, try again") { Correlation = set.Correlation }
            : HostAnswers.NoSuchNode(set.Correlation, name, parts.Members.ByName.Keys);
        return null;
    }

    // As its node would show it, or as it is shown where that does not answer.
    private static Func<VmView, Task<VmView?>> Look(DirectoryParts parts, IReadOnlyDictionary<string, DateTimeOffset> since) => async view =>
        await parts.Places.VmAsync(view.Id).ConfigureAwait(false) is not { } now ? null
        : parts.Members.IsThere(now.Node) ? now
        : LostNodes.Show(now, since.GetValueOrDefault(now.Node, parts.Time.GetUtcNow()));

    private async Task<IReadOnlyList<VmView>> StoredAsync(List<string> nodes, HostMessages.ListVms list)
    {
        var (since, now) = (lost.All, parts.Time.GetUtcNow());
        var stored = await Task.WhenAll(nodes.Select(node => Stored.OfAsync(node, LostVms.GoneSince(since.GetValueOrDefault(node, now))))).ConfigureAwait(false);
        return [.. stored.SelectMany(of => of.Own).Select(view => LostNodes.Show(view, since.GetValueOrDefault(view.Node, now))).Where(list.Wants)];
    }
}
