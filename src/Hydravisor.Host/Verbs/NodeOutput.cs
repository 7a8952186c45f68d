using System.Text.Json;
using Hydravisor.Protocol;
using Spectre.Console;

namespace Hydravisor.Host.Verbs;

/// <summary>Nodes on stdout: a table or lines for people, the objects of the wire for programs.</summary>
internal static class NodeOutput
{
    /// <summary>All of these nodes: a table, or one array.</summary>
    public static void List(VerbCall call, IReadOnlyList<NodeInfo> nodes)
    {
        if (call.Output.IsJson)
        {
            using var reply = JsonDocument.Parse(VmOutput.Encode(new NodeListReply { Nodes = nodes }));
            call.Environment.Output.WriteLine(reply.RootElement.GetProperty("nodes").GetRawText());
            return;
        }

        var table = PlainTable.Of("NODE", "STATE", "SINCE", "NEW VMS", "VMS", "CPU LEFT", "RAM LEFT", "DISK LEFT", "LABELS");
        foreach (var node in nodes)
        {
            table.AddRow(
                Cell(node.Name), State(node), Cell(node.Since is { } since ? PlainTable.Time(since) : "-"), Cell(Takes(node)),
                Cell(Text(node.Room, room => $"{room.Vms}/{room.VmsMax}")), Cell(Text(node.Room, room => $"{room.VcpusLeft}/{room.Vcpus}")),
                Cell(Text(node.Room, room => $"{room.RamLeft}/{room.Ram}")), Cell(Text(node.Room, room => $"{room.DiskLeft}/{room.Disk}")),
                Cell(node.Labels is { } labels ? string.Join(' ', labels.Select(label => $"{label.Key}={label.Value}")) : "-"));
        }

        call.Environment.Show(table);
    }

    /// <summary>What a request about one node came to: <c>node-1 cordoned</c>, or the reply.</summary>
    public static void Outcome(VerbCall call, NodeReply reply, string word)
    {
        if (call.Output.IsJson)
        {
            call.Environment.Output.Write(VmOutput.Encode(reply with { Meta = null }));
        }
        else
        {
            call.Environment.Output.WriteLine($"{TerminalText.Of(reply.Node)} {word}");
        }
    }

    /// <summary>How far a node that is drained has come: <c>node-1: 3 VMs left (2 stay: it is suspended, …)</c>.</summary>
    public static string Progress(string node, NodeDrainInfo drain) =>
        $"{node}: {Left(drain)}{(drain.Staying is { } staying ? $" ({string.Join("; ", staying.Select(stay => $"{stay.Vms} {(stay.Vms == 1 ? "stays" : "stay")} for now: {stay.Reason}"))})" : "")}";

    private static string Left(NodeDrainInfo drain) => drain.VmsLeft == 1 ? "1 VM left" : $"{drain.VmsLeft} VMs left";

    private static string Takes(NodeInfo node) =>
        node is { Cordon: { } drained, Drain: { } drain } ? $"no: drained since {PlainTable.Time(drained.Since)}, {Left(drain)}{(drained.Reason is null ? "" : ", " + drained.Reason)}"
        : node.Cordon is { } cordon ? $"no: cordoned {PlainTable.Time(cordon.Since)}{(cordon.Reason is null ? "" : ", " + cordon.Reason)}"
        : node.Trouble is { } trouble ? "no: " + trouble
        : node.Room is null ? "-"
        : "yes";

    private static string Text(NodeRoom? room, Func<NodeRoom, string> of) => room is null ? "-" : of(room);

    private static Text Cell(string text) => new(TerminalText.Of(text));

    private static Text State(NodeInfo node) => new(TerminalText.Of(node.State), new Style(node.State switch
    {
        "up" => Color.Green,
        "unreachable" or "down" => Color.Red,
        _ => Color.Yellow,
    }));
}
