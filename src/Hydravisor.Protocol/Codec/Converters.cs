using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>Timestamps as RFC 3339 in UTC with <c>Z</c> and milliseconds; reads any RFC 3339 time.</summary>
internal sealed class WireTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <summary><c>2025-05-29T20:15:42.123Z</c></summary>
    public const int Chars = 24;

    /// <summary>What <see cref="Format"/> needs for its work.</summary>
    public const int BufferBytes = 33;

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[BufferBytes];
        Format(value, text);
        writer.WriteStringValue(text[..Chars]);
    }

    /// <summary>Writes 24 bytes. The round-trip form is the library's fast one; its last four digits are cut off.</summary>
    public static void Format(DateTimeOffset value, Span<byte> to)
    {
        Utf8Formatter.TryFormat(value.UtcDateTime, to, out _, 'O');
        to[Chars - 1] = (byte)'Z';
    }
}

/// <summary>Labels: an object of strings; a null value counts as absent.</summary>
internal sealed class LabelsConverter : JsonConverter<IReadOnlyDictionary<string, string>>
{
    public override IReadOnlyDictionary<string, string> Read(
        ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.Null)
            {
                labels[key] = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException();
            }
        }

        return labels;
    }

    public override void Write(
        Utf8JsonWriter writer, IReadOnlyDictionary<string, string> value, JsonSerializerOptions options) => Write(writer, value);

    public static void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> value)
    {
        writer.WriteStartObject();
        foreach (var (key, text) in value)
        {
            writer.WriteString(key, text);
        }

        writer.WriteEndObject();
    }
}

/// <summary>Phases by their names on the wire.</summary>
internal sealed class VmPhaseConverter : JsonConverter<VmPhase>
{
    private static readonly JsonEncodedText[] Names = VmPhaseNames.All.Select(name => JsonEncodedText.Encode(name)).ToArray();

    public override VmPhase Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && VmPhaseNames.TryParse(reader.GetString(), out var phase)
            ? phase
            : throw new JsonException(string.Create(
                CultureInfo.InvariantCulture, $"a state is one of {string.Join(", ", VmPhaseNames.All)}"));

    public override void Write(Utf8JsonWriter writer, VmPhase value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Encoded(value));

    public static JsonEncodedText Encoded(VmPhase phase) => Names[(int)phase];
}
