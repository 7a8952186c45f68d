using System.Text.Json;
using System.Text.Json.Serialization;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Journal;

/// <summary>An instance id in stored and remoted JSON: its text.</summary>
internal sealed class InstanceIdJson : JsonConverter<InstanceId>
{
    /// <inheritdoc/>
    public override InstanceId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        InstanceId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("Not an instance id.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, InstanceId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
