using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Hydravisor.Host.Verbs;

/// <summary>Recordings on stdout: a table for people, objects for programs.</summary>
internal sealed class RecordingOutput(VerbEnvironment environment, bool json)
{
    /// <summary>All of these.</summary>
    public void List(IReadOnlyList<ShelvedRecording> recordings)
    {
        if (json)
        {
            environment.Output.WriteLine(new JsonArray([.. recordings.Select(Node)]).ToJsonString());
            return;
        }

        if (recordings.Count == 0)
        {
            environment.Error.WriteLine("There are no recordings. A VM is recorded that was made so: hydravisor vm create tiny --record");
            return;
        }

        var table = PlainTable.Of("VM", "NAME", "NODE", "STARTED", "DURATION", "PARTS", "BYTES", "OUTPUT", "INPUTS", "MISSING");

        foreach (var each in recordings)
        {
            table.AddRow(
                new Text(each.InstanceId),
                new Text(TerminalText.Of(each.Name)),
                new Text(TerminalText.Of(each.Node)),
                new Text(PlainTable.Time(each.Started)),
                new Text(each.Duration.ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture)),
                new Text(Numbers(each.Parts.Select(part => part.Number))),
                new Text(Number(each.Bytes)),
                new Text(Number(each.OutputBytes)),
                new Text(Number(each.Inputs)),
                new Text(Missing(each)));
        }

        environment.Show(table);
    }

    private static JsonNode Node(ShelvedRecording recording) => new JsonObject
    {
        ["instance_id"] = recording.InstanceId,
        ["name"] = recording.Name,
        ["node"] = recording.Node,
        ["started"] = PlainTable.Time(recording.Started),
        ["duration_s"] = recording.Duration.TotalSeconds,
        ["bytes"] = recording.Bytes,
        ["output_bytes"] = recording.OutputBytes,
        ["inputs"] = recording.Inputs,
        ["gaps"] = recording.Gaps,
        ["removed_parts"] = new JsonArray([.. recording.Removed.Select(number => (JsonNode)number)]),
        ["parts"] = new JsonArray([.. recording.Parts.Select(part => new JsonObject
        {
            ["part"] = part.Number,
            ["started"] = PlainTable.Time(part.Started),
            ["bytes"] = part.Bytes,
            ["file"] = part.File,
        })]),
    };

    private static string Missing(ShelvedRecording recording)
    {
        var missing = new List<string>();
        if (recording.Removed.Count > 0)
        {
            missing.Add($"parts {Numbers(recording.Removed)} removed");
        }

        if (recording.Gaps > 0)
        {
            missing.Add($"{Number(recording.Gaps)} gaps");
        }

        return string.Join(", ", missing);
    }

    // 1-3,5: parts seldom have holes.
    private static string Numbers(IEnumerable<int> numbers)
    {
        var runs = new List<(int From, int To)>();
        foreach (var number in numbers)
        {
            if (runs is [.., var last] && last.To == number - 1)
            {
                runs[^1] = (last.From, number);
            }
            else
            {
                runs.Add((number, number));
            }
        }

        return string.Join(',', runs.Select(run => run.From == run.To ? Number(run.From) : $"{Number(run.From)}-{Number(run.To)}"));
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
