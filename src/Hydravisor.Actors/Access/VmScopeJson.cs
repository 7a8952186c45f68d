using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hydravisor.Actors.Access;

/// <summary>A scope on its way to another node: the place of its rules, and they as they stand in the file.</summary>
internal sealed class VmScopeJson : JsonConverter<VmScope>
{
    /// <inheritdoc/>
    public override VmScope Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        var selectors = new List<VmSelector>();
        foreach (var text in root.GetProperty("vms").EnumerateArray())
        {
            selectors.Add(VmSelector.TryParse(text.GetString() ?? "", out var selector, out var problem) ? selector : throw new JsonException(problem));
        }

        return new VmScope(root.GetProperty("id").GetString() ?? throw new JsonException("'id' is null."), selectors);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, VmScope value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("id", value.Id);
        writer.WriteStartArray("vms");
        foreach (var selector in value.Selectors)
        {
            writer.WriteStringValue(selector.Text);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
