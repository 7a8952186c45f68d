using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Doctor;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor doctor</c>: is everything here that a node needs?</summary>
internal static class DoctorVerb
{
    /// <summary>The verb. Exit code 1 when a finding is an error.</summary>
    public static Command Build()
    {
        var output = new Option<string>("--output", "-o") { Description = "table for people, json for programs", DefaultValueFactory = _ => "table" }
            .AcceptOnlyFromAmong("table", "json");
        var verb = new Command("doctor", "Look at all that a node needs of this machine, and say what to do about what is missing") { output };
        verb.SetAction((parsed, stop) => RunAsync(VerbEnvironment.OfProcess(), parsed.GetValue(output) == "json", stop));
        return verb;
    }

    private static async Task<int> RunAsync(VerbEnvironment environment, bool json, CancellationToken stop)
    {
        List<Finding> findings;
        try
        {
            var config = NodeConfig.Load(Path.Combine(AppContext.BaseDirectory, "hocon"), "development", environment.Variable);
            var settings = NodeSettings.Read(config);
            var own = new Examination(settings, () => ImageCatalogue.Load(config.GetConfig("hydravisor.images"), settings.ImagesDirectory));
            findings = [.. own.Examine(), .. await new Surroundings(settings, environment.Time).ExamineAsync(stop)];
        }
        catch (SettingException e)
        {
            findings = [new Finding("settings", Severity.Error, e.Message)];
        }

        if (json)
        {
            environment.Output.WriteLine(JsonSerializer.Serialize(findings, FindingJson.Default.ListFinding));
        }
        else
        {
            foreach (var finding in findings)
            {
                environment.Output.WriteLine($"{finding.Severity.ToString().ToLowerInvariant(),-8} {finding.What}: {finding.Found}");
                if (finding.Remedy is { } remedy)
                {
                    environment.Output.WriteLine($"{"",-8}   -> {remedy}");
                }
            }
        }

        return findings.Exists(finding => finding.Severity == Severity.Error) ? ExitCode.Refused : ExitCode.Ok;
    }
}

/// <summary>Findings as JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(List<Finding>))]
internal sealed partial class FindingJson : JsonSerializerContext;
