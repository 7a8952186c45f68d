using Akka.Actor;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What a host answers itself: the list, and what is asked of VMs that are gone, or whose actor is down.</summary>
/// <remarks>Not thread-safe: the host actor's own.</remarks>
internal sealed class HostAnswers(string node, Roster roster)
{
    // A page is one message between nodes, which has a limit; labels may be long, and each of their characters six as JSON.
    private const int PageBytesMax = 256 * 1024;
    private const int ViewBytes = 1024;
    private const int EscapedCharBytes = 6;

    /// <summary>Answers in place of a VM that cannot answer itself.</summary>
    /// <param name="message">What it was asked.</param>
    /// <param name="registered">The registry.</param>
    /// <param name="isThere">Whether the VM exists and only its actor is down.</param>
    public VmReply InPlaceOf(IVmMessage message, RegistryState registered, bool isThere)
    {
        if (roster.Views.TryGetValue(message.Id, out var view) && !message.Reach.Covers(view.Facts))
        {
            return VmReply.NotThere(message.Id, message.Correlation);
        }

        if (isThere)
        {
            return message is VmQuery && view is not null
                ? new VmReply.Granted(view, Already: true) { Correlation = message.Correlation }
                : new VmReply.Denied(message.Id, ErrorCode.Unavailable, $"{message.Id} is not available now, nor is its journal; nothing was done, try again")
                {
                    Correlation = message.Correlation,
                };
        }

        return message is VmAsk { Command.Value: VmCommand.Delete } or VmQuery { AlsoGone: true } && registered.Entries.TryGetValue(message.Id, out var entry) && entry.Retired is not null
            && Tombstone(entry) is var gone && message.Reach.Covers(gone.Facts)
            ? new VmReply.Granted(gone, Already: true) { Correlation = message.Correlation }
            : VmReply.NotThere(message.Id, message.Correlation);
    }

    /// <summary>The VMs that the filters let through, by name.</summary>
    /// <param name="list">The filters.</param>
    /// <param name="gone">VMs that went to another node just now: who asked that one before it had them would find them nowhere.</param>
    public HostMessages.VmsListed List(HostMessages.ListVms list, IEnumerable<VmView> gone)
    {
        var sorted = roster.Views.Values.Concat(gone.Where(view => !roster.Views.ContainsKey(view.Id))).Where(list.Wants).OrderBy(view => view.Name, StringComparer.Ordinal);
        if (list.Max == 0)
        {
            return new HostMessages.VmsListed(list.Correlation, [.. sorted]);
        }

        var (page, bytes) = (new List<VmView>(), 0L);
        foreach (var view in sorted)
        {
            if (page.Count == list.Max || bytes > PageBytesMax)
            {
                return new HostMessages.VmsListed(list.Correlation, page, page[^1].Name);
            }

            page.Add(view);
            bytes += ViewBytes + view.Labels.Sum(label => EscapedCharBytes * (label.Key.Length + label.Value.Length));
        }

        return new HostMessages.VmsListed(list.Correlation, page);
    }

    /// <summary>How the node is, and what it could take.</summary>
    /// <param name="correlation">The number of the question.</param>
    /// <param name="parts">What the host works with.</param>
    /// <param name="hypervisor">Its hypervisor.</param>
    /// <param name="registered">The registry.</param>
    public static NodeView Describe(long correlation, HostParts parts, HostHypervisor hypervisor, RegistryState registered) => new(
        correlation,
        parts.Node,
        parts.Labels,
        hypervisor.Trouble,
        registered.Cordon,
        hypervisor.Capacity is { } capacity ? Room.Of([.. registered.There], capacity, parts.Settings) : null,
        parts.Settings.Limits,
        [.. parts.Images.Names.Select(parts.Images.Find).OfType<ImageOffer>().Select(NodeImage.Of)]);

    /// <summary>Has the registry take new VMs, or none; for another node than this one it is refused.</summary>
    /// <param name="set">What is wished for.</param>
    /// <param name="asker">Who awaits the answer.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="canDrain">Whether there may be nodes to move VMs to.</param>
    public void Cordon(HostMessages.SetCordon set, IActorRef asker, IActorRef registry, bool canDrain)
    {
        if (set.Node is { } other && other != node)
        {
            asker.Tell(NoSuchNode(set.Correlation, other, [node]));
        }
        else if (set.Request.Value.Drains && !canDrain)
        {
            asker.Tell(new VmReply.Denied(null, ErrorCode.Impossible, $"node '{node}' is in no cluster, so there is no other to move its VMs to; node/cordon lets it take no new ones") { Correlation = set.Correlation });
        }
        else
        {
            registry.Tell(new RegistryActor.SetCordon(set.Correlation, set.Request, asker));
        }
    }

    /// <summary>Tells who wished it how it went.</summary>
    /// <param name="set">What the registry says.</param>
    /// <param name="node">This node.</param>
    public static void Tell(RegistryActor.CordonSet set, string node) => set.Asked.Asker.Tell(set.Trouble is { } trouble
        ? new VmReply.Denied(null, ErrorCode.Unavailable, trouble) { Correlation = set.Asked.Correlation }
        : new HostMessages.NodeDone(set.Asked.Correlation, node));

    /// <summary>The answer to who wants something of a node that there is not.</summary>
    public static VmReply.Denied NoSuchNode(long correlation, string name, IEnumerable<string> nodes) =>
        new(null, ErrorCode.Impossible, NoSuchNode(name, nodes)) { Correlation = correlation };

    /// <summary>For a person: a name is no node's.</summary>
    public static string NoSuchNode(string name, IEnumerable<string> nodes) => $"node '{name}' is not a node that is there; there are: {string.Join(", ", nodes)}";

    /// <summary>A VM that was deleted, as far as the registry remembers it.</summary>
    public VmView Tombstone(RegistryEntry entry) => new(
        entry.Id, node, entry.Agent, VmPhase.Deleted, entry.Retired ?? default, Reason: null, entry.Incarnation, Revision: 0, entry.Name,
        entry.Os, entry.Vcpus, entry.RamBytes, entry.DiskBytes, NetworkMode.None, Model: null, new Dictionary<string, string>(), RecordSession: false);

    /// <summary>A VM whose journal cannot be read back, as far as the registry knows it.</summary>
    public VmView Unreadable(RegistryEntry entry, string reason, DateTimeOffset at) =>
        Tombstone(entry) with { Phase = VmPhase.Failed, Since = at, Reason = "its journal cannot be read: " + reason };
}
