using System.Text.Json;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>A VM's recording, as <c>hydravisor recording export</c> gives it.</summary>
internal static class Recording
{
    /// <summary>Code and data of its events.</summary>
    /// <param name="data">The data directory of its node.</param>
    /// <param name="id">The VM.</param>
    public static async Task<IReadOnlyList<(string Code, string Data)>> EventsAsync(string data, string id)
    {
        var exported = await Run.CheckedAsync("dotnet", Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "recording", "export", id, "--data", data);
        return [.. exported.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line =>
        {
            using var json = JsonDocument.Parse(line);
            return (json.RootElement[1].GetString()!, json.RootElement[2].GetString()!);
        })];
    }

    /// <summary>What was typed by somebody, one after another.</summary>
    public static string TypedBy(IReadOnlyList<(string Code, string Data)> events, string who)
    {
        var (by, typed) = ("", "");
        foreach (var (code, data) in events)
        {
            by = code == "u" ? data : by;
            typed += code == "i" && by == who ? data : "";
        }

        return typed;
    }
}
