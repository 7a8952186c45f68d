using System.Globalization;
using System.Text.Json;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary>Log entries on stdout: lines for people, or the objects of the wire for programs.</summary>
/// <param name="environment">The process around the verb.</param>
/// <param name="json">Whether programs read this.</param>
/// <param name="streams">Only entries of these streams; none: of all. What says that entries are missing is always shown.</param>
internal sealed class LogOutput(VerbEnvironment environment, bool json, IReadOnlyCollection<string> streams)
{
    /// <summary>Shows entries.</summary>
    public void Show(IReadOnlyList<LogEntry> entries)
    {
        foreach (var entry in entries.Where(entry => entry.Stream is null || streams.Count == 0 || streams.Contains(entry.Stream)))
        {
            environment.Output.WriteLine(json ? Json(entry) : Line(entry));
        }

        environment.Output.Flush();
    }

    private static string Json(LogEntry entry)
    {
        using var line = JsonDocument.Parse(VmOutput.Encode(new ModelLog { Source = "", Payload = [entry] }));
        return line.RootElement.GetProperty("payload")[0].GetRawText();
    }

    private string Line(LogEntry entry) => entry.Gap is { } gap
        ? string.Create(CultureInfo.InvariantCulture, $"--- entries {gap.From} to {gap.To} are not here ---")
        : $"{Text(entry.Timestamp)} {Text(entry.Stream),-9} {Text(entry.Msg)}{(entry.Fields is { } fields ? " " + Text(fields.GetRawText()) : "")}";

    // A guest is not trusted with a person's terminal.
    private string Text(string? text) => text is null ? "" : environment.OutputIsTerminal ? TerminalText.Of(text) : text;
}
