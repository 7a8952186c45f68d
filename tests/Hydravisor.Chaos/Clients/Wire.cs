using System.Text.Json;
using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Clients;

/// <summary>Reading lines of the wire, by the specification only: nothing of the product's own code.</summary>
internal static class Wire
{
    /// <summary>A member that is a string; null: there is none.</summary>
    public static string? Text(this JsonElement line, string field) =>
        line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A member that is a number; null: there is none.</summary>
    public static long? Number(this JsonElement line, string field) =>
        line.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;

    /// <summary>The request that a line answers; null: none.</summary>
    public static string? RequestId(this JsonElement line) => line.TryGetProperty("meta", out var meta) ? meta.Text("request_id") : null;

    /// <summary>The VM that a line shows; null: it shows none.</summary>
    public static SeenState? State(this JsonElement line) =>
        line.Text("instance_id") is { } vm && line.Text("state") is { } state && line.Text("node") is { } node
            ? new SeenState(vm, state, node, line.Number("incarnation") ?? 0, line.Number("revision") ?? 0)
            : null;

    /// <summary>All VMs that an answer shows.</summary>
    public static IReadOnlyList<SeenState> States(this JsonElement line) =>
        line.TryGetProperty("instances", out var instances) ? [.. instances.EnumerateArray().Select(vm => vm.State()).OfType<SeenState>()]
        : line.State() is { } one ? [one]
        : [];
}
