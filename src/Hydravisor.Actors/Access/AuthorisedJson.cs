using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Hydravisor.Actors.Access;

/// <summary>An authorised request on its way to another node. Nodes trust each other's gatekeepers; nobody else can reach this form.</summary>
internal sealed class AuthorisedJson<T> : JsonConverter<Authorised<T>>
{
    /// <inheritdoc/>
    public override Authorised<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        string Text(string name) => root.GetProperty(name).GetString() ?? throw new JsonException($"'{name}' is null.");
        return Authorised<T>.Allowed(
            root.GetProperty("value").Deserialize((JsonTypeInfo<T>)options.GetTypeInfo(typeof(T))) ?? throw new JsonException("'value' is null."),
            root.GetProperty("reach").Deserialize((JsonTypeInfo<VmReach>)options.GetTypeInfo(typeof(VmReach))) ?? throw new JsonException("'reach' is null."),
            Text("rule"),
            Text("policy"),
            root.TryGetProperty("request_id", out var requestId) ? requestId.GetString() : null);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Authorised<T> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("reach");
        JsonSerializer.Serialize(writer, value.Reach, (JsonTypeInfo<VmReach>)options.GetTypeInfo(typeof(VmReach)));
        writer.WriteString("rule", value.Rule);
        writer.WriteString("policy", value.Policy);
        if (value.RequestId is { } requestId)
        {
            writer.WriteString("request_id", requestId);
        }

        writer.WritePropertyName("value");
        JsonSerializer.Serialize(writer, value.Value, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T)));
        writer.WriteEndObject();
    }
}
