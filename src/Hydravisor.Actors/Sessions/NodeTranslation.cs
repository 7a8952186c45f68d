using Hydravisor.Actors.Hosts;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>Wire records about nodes to wishes, standings to wire records. Pure.</summary>
internal static class NodeTranslation
{
    private const int ReasonCharsMax = 200;
    private const int NodeCharsMax = 40;
    private static readonly (CordonWish?, string?) NoReason = (null, $"reason must be 1 to {ReasonCharsMax} printable characters, such as \"a disk is to be changed\"");

    /// <summary>The wish of a message about a node, or what is impossible about it (422).</summary>
    public static (CordonWish? Wish, string? Impossible) ToWish(NodeMessage about)
    {
        if (about.Node is { Length: 0 or > NodeCharsMax })
        {
            return (null, $"node is the name of a node, 1 to {NodeCharsMax} characters; node/list shows those there are");
        }

        return about switch
        {
            NodeCordon { Reason: { } reason } when !IsReason(reason) => NoReason,
            NodeDrain { Reason: { } reason } when !IsReason(reason) => NoReason,
            NodeCordon cordon => (new CordonWish(IsCordoned: true, cordon.Reason), null),
            NodeDrain drain => (new CordonWish(IsCordoned: true, drain.Reason, Drains: true), null),
            _ => (new CordonWish(IsCordoned: false, Why: null), null),
        };
    }

    /// <summary>The nodes on the wire.</summary>
    public static NodeListReply ToReply(HostMessages.NodesListed listed, string? requestId) => new() { Nodes = [.. listed.Nodes.Select(ToInfo)], Meta = ReplyMeta.For(requestId) };

    private static NodeInfo ToInfo(NodeStanding node) => new()
    {
        Name = node.Name,
        State = node.State,
        Since = node.Since,
        Trouble = node.View?.Trouble,
        Cordon = node.View?.Cordon is { } cordon ? new NodeCordonInfo { Since = cordon.Since, Reason = cordon.Why } : null,
        Drain = node.View?.Drain is { } drain ? ToDrain(drain) : null,
        Labels = node.View is { Labels: { Count: > 0 } labels } ? labels : null,
        Room = node.View?.Room is { } room ? ToRoom(room) : null,
        Images = node.View is { } view ? [.. view.Images.Select(image => image.Name).Order(StringComparer.Ordinal)] : null,
    };

    private static bool IsReason(string text) => text.Length is > 0 and <= ReasonCharsMax && !text.Any(char.IsControl);

    private static NodeDrainInfo ToDrain(DrainStanding drain) => new()
    {
        VmsLeft = drain.Left,
        Staying = drain.Staying.Count == 0 ? null : [.. drain.Staying.Select(stay => new NodeStayInfo { Reason = stay.Why, Vms = stay.Vms })],
    };

    private static NodeRoom ToRoom(Room room) => new()
    {
        Vms = room.Vms,
        VmsMax = room.VmsMax,
        Vcpus = room.Vcpus,
        VcpusLeft = Math.Max(room.VcpusLeft, 0),
        Ram = Size(room.RamBytes),
        RamLeft = Size(room.RamLeftBytes),
        Disk = Size(room.DiskBytes),
        DiskLeft = Size(Math.Min(room.DiskLeftBytes, room.DiskFreeBytes)),
    };

    // To the megabyte: more would be noise.
    private static string Size(long bytes) => new ByteSize(Math.Max(bytes, 0) >> 20 << 20).ToString();
}
