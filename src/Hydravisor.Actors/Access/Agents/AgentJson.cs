using System.Text.Json.Serialization;

namespace Hydravisor.Actors.Access.Agents;

/// <summary>The forms of <c>agents.json</c>: what is not exactly so is damaged.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    WriteIndented = true,
    // The other mode writes null bytes as "".
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(AgentDocument))]
[JsonSerializable(typeof(AgentSchema))]
internal sealed partial class AgentJson : JsonSerializerContext;
