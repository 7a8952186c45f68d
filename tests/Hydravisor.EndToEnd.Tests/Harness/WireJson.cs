using System.Text.Json;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>Reading lines of the wire.</summary>
internal static class WireJson
{
    public static string? Text(this JsonElement line, string field) =>
        line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static long Number(this JsonElement line, string field) => line.GetProperty(field).GetInt64();

    public static bool Flag(this JsonElement line, string field) => line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.True;

    public static bool Has(this JsonElement line, string field) => line.TryGetProperty(field, out _);

    public static string? Type(this JsonElement line) => line.Text("type");

    public static string? RequestId(this JsonElement line) => line.TryGetProperty("meta", out var meta) ? meta.Text("request_id") : null;

    public static string Id(this JsonElement line) => line.Text("instance_id") ?? throw new InvalidDataException($"No instance_id: {line}");

    /// <summary>Asserts that a line is an error.</summary>
    /// <param name="line">The line.</param>
    /// <param name="code">Its code.</param>
    /// <param name="says">What its message must name.</param>
    public static JsonElement MustBeError(this JsonElement line, int code, params string[] says)
    {
        Assert.True(line.Type() == "mcp/error" && line.Number("code") == code, $"Not an error {code}: {line.GetRawText()}");
        foreach (var word in says)
        {
            Assert.Contains(word, line.Text("message"), StringComparison.Ordinal);
        }

        return line;
    }

    /// <summary>Asserts that a line is a reply with <c>ok:true</c>.</summary>
    public static JsonElement MustBeOk(this JsonElement line, string type)
    {
        Assert.True(line.Type() == type && line.Flag("ok"), $"Not an ok {type}: {line.GetRawText()}");
        return line;
    }
}
