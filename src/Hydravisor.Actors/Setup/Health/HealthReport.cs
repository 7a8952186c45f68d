using System.Text.Json.Serialization;

namespace Hydravisor.Actors.Setup.Health;

/// <summary>How a node is, as <c>/healthz</c> and <c>/readyz</c> tell it. Immutable.</summary>
/// <param name="Alive">Whether it lives: its actors answer, or are not there yet, or no more. Nothing outside of the process is asked.</param>
/// <param name="Ready">Whether it may serve everything.</param>
/// <param name="Name">Its name.</param>
/// <param name="Version">The program's version.</param>
/// <param name="UptimeSeconds">How long this life of the node has lasted.</param>
/// <param name="Node">Where it is in its life.</param>
/// <param name="Cluster">The cluster as it sees it.</param>
/// <param name="Journal">Its journal.</param>
/// <param name="Hypervisor">Its hypervisor.</param>
internal sealed record HealthReport(
    bool Alive, bool Ready, string Name, string Version, long UptimeSeconds, HealthPart Node, HealthPart Cluster, HealthPart Journal, HealthPart Hypervisor);

/// <summary>A part of a node. Immutable.</summary>
/// <param name="Ok">Whether it keeps the node from nothing.</param>
/// <param name="Status">One word.</param>
/// <param name="Reason">Why it is not well: a sentence of our own, since messages of libraries may say to anybody what only the log should.</param>
internal sealed record HealthPart(bool Ok, string Status, string? Reason = null)
{
    /// <summary>Of what kind it is, where there are several.</summary>
    public string? Kind { get; init; }

    /// <summary>Since when it is not well.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The nodes of the cluster.</summary>
    public IReadOnlyList<string>? Members { get; init; }

    /// <summary>Those of them that do not answer.</summary>
    public IReadOnlyList<string>? Unreachable { get; init; }

    /// <summary>Whether this node sees too few of them to change anything.</summary>
    public bool? Minority { get; init; }
}

/// <summary>The JSON form of reports.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthReport))]
internal sealed partial class HealthJson : JsonSerializerContext;
