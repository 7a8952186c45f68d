using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Hydravisor.Protocol;
using Spectre.Console;

namespace Hydravisor.Host.Verbs;

/// <summary>VMs on stdout: tables and short lines for people, or the objects of the wire for programs.</summary>
internal sealed class VmOutput(VerbEnvironment environment, bool json)
{
    /// <summary>Whether programs read this.</summary>
    public bool IsJson => json;

    /// <summary>All of these VMs: a table, or one array.</summary>
    public void List(IReadOnlyList<VmStateMessage> states)
    {
        if (json)
        {
            using var reply = JsonDocument.Parse(Encode(new VmListReply { Instances = states }));
            environment.Output.WriteLine(reply.RootElement.GetProperty("instances").GetRawText());
            return;
        }

        if (states.Count == 0)
        {
            environment.Error.WriteLine("There are no VMs. To make one: hydravisor vm create tiny");
            return;
        }

        var table = PlainTable.Of("ID", "NAME", "STATE", "OS", "CPU", "RAM", "NODE", "SINCE");
        foreach (var state in states)
        {
            table.AddRow(
                Cell(state.InstanceId), Cell(state.Name), Cell(state.State), Cell(state.Os), Cell(Number(state.Cpu)),
                Cell(state.Ram), Cell(state.Node), Cell(PlainTable.Time(state.Since)));
        }

        environment.Show(table);
    }

    /// <summary>All about one VM.</summary>
    public void Info(VmStateMessage state)
    {
        if (json)
        {
            Json(state);
            return;
        }

        var table = PlainTable.Of("FIELD", "VALUE");
        table.HideHeaders();
        void Row(string field, string? value)
        {
            if (value is not null)
            {
                table.AddRow(Cell(field), Cell(value));
            }
        }

        Row("id", state.InstanceId);
        Row("name", state.Name);
        table.AddRow(Cell("state"), Cell(state.State));
        Row("reason", state.Reason);
        Row("since", PlainTable.Time(state.Since));
        Row("node", state.Node);
        Row("os", state.Os);
        Row("cpu", Number(state.Cpu));
        Row("ram", state.Ram);
        Row("disk", state.Disk);
        Row("network", state.Network);
        Row("model", state.Model);
        Row("labels", state.Labels is { } labels ? string.Join(' ', labels.Select(label => $"{label.Key}={label.Value}")) : null);
        Row("on node loss", state.OnNodeLoss);
        Row("recorded", state.RecordSession is { } recorded ? recorded ? "yes" : "no" : null);
        Row("owner", state.Owner);
        Row("incarnation", Number(state.Incarnation));
        Row("revision", Number(state.Revision));
        environment.Show(table);
    }

    /// <summary>What a request about one VM came to: <c>vm-… running</c>, or the reply.</summary>
    public void Outcome(ServerMessage reply, string instanceId, string word)
    {
        if (json)
        {
            Json(reply);
        }
        else
        {
            environment.Output.WriteLine($"{TerminalText.Of(instanceId)} {TerminalText.Of(word)}");
        }
    }

    /// <summary>One piece of news: a line, or one object on a line.</summary>
    public void News(VmStateMessage state)
    {
        if (json)
        {
            Json(state);
        }
        else
        {
            environment.Output.WriteLine(Line(state));
        }

        environment.Output.Flush();
    }

    /// <summary>On stderr, while somebody waits; results go to stdout only.</summary>
    public void Progress(VmStateMessage state) => environment.Error.WriteLine(Line(state));

    private static string Line(VmStateMessage state)
    {
        var name = state.Name == state.InstanceId ? "" : $" {state.Name}";
        var reason = state.Reason is null ? "" : $": {state.Reason}";
        return TerminalText.Of($"{PlainTable.Time(state.Since)} {state.InstanceId}{name} {state.State.ToWireName()}{reason}");
    }

    /// <summary>The object of the wire, without the request id, which is of this connection only.</summary>
    private void Json(ServerMessage message) => environment.Output.Write(Encode(message with { Meta = null }));

    /// <summary>A message as its line on the wire.</summary>
    public static string Encode(ServerMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        LineCodec.Encode(message, buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static Text Cell(string text) => new(TerminalText.Of(text));

    private static Text Cell(VmPhase phase) => new(phase.ToWireName(), new Style(phase switch
    {
        VmPhase.Running => Color.Green,
        VmPhase.Failed or VmPhase.Unreachable => Color.Red,
        VmPhase.Stopped or VmPhase.Deleted => Color.Grey,
        _ => Color.Yellow,
    }));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
