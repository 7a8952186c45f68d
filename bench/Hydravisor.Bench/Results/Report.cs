using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Hydravisor.Bench.Results;

/// <summary>Where results go: a table for people, and lines of JSON for the file that keeps them.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Prints the table, and appends a line for each measurement to a file where one is named.</summary>
    public static void Show(IReadOnlyList<Measurement> measurements, FileInfo? file)
    {
        // Into a file or a pipe it is for a page of documentation, not for a screen.
        AnsiConsole.Profile.Width = Console.IsOutputRedirected ? 240 : AnsiConsole.Profile.Width;
        AnsiConsole.Write(TableOf(measurements));
        if (file is not null)
        {
            File.AppendAllLines(file.FullName, measurements.Select(LineOf));
        }
    }

    private static Table TableOf(IReadOnlyList<Measurement> measurements)
    {
        var table = new Table().Border(TableBorder.Markdown).AddColumns("bench", "what", "value", "peer", "peer's value", "ratio", "goal", "verdict");
        foreach (var m in measurements)
        {
            table.AddRow(
                new Text(m.Bench), new Text(m.What), new Text(Say(m.Value, m.Unit)), new Text(m.Peer ?? ""),
                new Text(m.PeerValue is { } peer ? Say(peer, m.Unit) : ""), new Text(m.Ratio is { } ratio ? Say(ratio, "") : ""),
                new Text(m.Goal is { } goal ? Say(goal, m.Unit) : ""), new Text(m.IsMet switch { true => "met", false => "missed", null => "" }));
        }

        return table;
    }

    private static string Say(Goal goal, string unit) =>
        $"{(goal.OfRatio ? "ratio " : "")}{(goal.IsLeast ? "≥" : "≤")} {Say(goal.Bound, goal.OfRatio ? "" : unit)}";

    private static string Say(double value, string unit) =>
        (value >= 1000 ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("G3", CultureInfo.InvariantCulture))
        + (unit.Length == 0 ? "" : " " + unit);

    private static string LineOf(Measurement m) => JsonSerializer.Serialize(
        new
        {
            At = TimeProvider.System.GetUtcNow(),
            m.Bench,
            m.What,
            m.Value,
            m.Unit,
            m.Peer,
            m.PeerValue,
            m.Ratio,
            m.Goal,
            m.IsMet,
            m.Rounds,
            m.PeerRounds,
            Cores = Environment.ProcessorCount,
            Load = File.ReadAllText("/proc/loadavg").Trim(),
        },
        Json);
}
