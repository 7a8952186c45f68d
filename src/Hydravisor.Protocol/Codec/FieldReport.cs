using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Hydravisor.Protocol;

/// <summary>
/// Says which field of a refused line is wrong, what it is and what it should be. Runs only after the serializer refused the
/// line; the fields and their kinds come from the serializer's own description of the record, so there is no second list of
/// them.
/// </summary>
internal static class FieldReport
{
    public static (ErrorCode Code, string Text) For(ReadOnlySpan<byte> line, MessageEntry entry)
    {
        var reader = new Utf8JsonReader(line);
        using var document = JsonDocument.ParseValue(ref reader);
        return Check(document.RootElement, entry.TypeInfo, "")
            ?? (ErrorCode.BadRequest, $"the fields of this {entry.WireType} could not be read; a right one is {entry.Sample}");
    }

    private static (ErrorCode Code, string Text)? Check(JsonElement value, JsonTypeInfo type, string path)
    {
        foreach (var field in value.EnumerateObject())
        {
            if (Find(type, field) is { Set: not null } known
                && field.Value.ValueKind != JsonValueKind.Null
                && CheckValue(field.Value, known.PropertyType, path + known.Name) is { } fault)
            {
                return fault;
            }
        }

        foreach (var known in type.Properties)
        {
            if (known.IsRequired && (!value.TryGetProperty(known.Name, out var given) || given.ValueKind == JsonValueKind.Null))
            {
                return (ErrorCode.BadRequest, $"{path}{known.Name} is missing; it must be {Kind(known.PropertyType)}");
            }
        }

        return null;
    }

    private static JsonPropertyInfo? Find(JsonTypeInfo type, JsonProperty field)
    {
        foreach (var known in type.Properties)
        {
            if (field.NameEquals(known.Name))
            {
                return known;
            }
        }

        return null;
    }

    private static (ErrorCode Code, string Text)? CheckValue(JsonElement value, Type type, string path)
    {
        if (type == typeof(MessageMeta) && value.ValueKind == JsonValueKind.Object)
        {
            return Check(value, WireContext.Default.MessageMeta, path + ".");
        }

        if (type == typeof(VmPlacement) && value.ValueKind == JsonValueKind.Object)
        {
            return Check(value, WireContext.Default.VmPlacement, path + ".");
        }

        if (type == typeof(IReadOnlyDictionary<string, string>) && value.ValueKind == JsonValueKind.Object)
        {
            return CheckLabels(value, path);
        }

        if (type == typeof(string) && value.ValueKind == JsonValueKind.String)
        {
            return IsText(value) ? null : (ErrorCode.BadRequest, $"{path} is no valid text (a lone surrogate)");
        }

        if (type == typeof(bool?) && value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return null;
        }

        if (type == typeof(long?) && value.ValueKind == JsonValueKind.Number)
        {
            return CheckWholeNumber(value, path);
        }

        if (type == typeof(LogFrom) && value.ValueKind is (JsonValueKind.Number or JsonValueKind.String))
        {
            return value.ValueKind == JsonValueKind.Number ? CheckWholeNumber(value, path) : CheckValue(value, typeof(string), path);
        }

        return (ErrorCode.BadRequest, $"{path} is {JsonWords.Of(value)}; it must be {Kind(type)}");
    }

    /// <summary>A whole number beyond 64 bits is well-formed but impossible; a fraction is of the wrong kind.</summary>
    private static (ErrorCode Code, string Text)? CheckWholeNumber(JsonElement value, string path)
    {
        if (value.TryGetInt64(out _))
        {
            return null;
        }

        return value.GetRawText().AsSpan().ContainsAny(".eE")
            ? (ErrorCode.BadRequest, $"{path} is {JsonWords.Of(value)}; it must be {Kind(typeof(long?))}")
            : (ErrorCode.Impossible, string.Create(
                CultureInfo.InvariantCulture, $"{path} is {JsonWords.Of(value)}; it can be at most {long.MaxValue}"));
    }

    private static (ErrorCode Code, string Text)? CheckLabels(JsonElement labels, string path)
    {
        foreach (var label in labels.EnumerateObject())
        {
            if (label.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
            {
                return (
                    ErrorCode.BadRequest,
                    $"{path}.{Quote.Of(label.Name)} is {JsonWords.Of(label.Value)}; a label must be a string");
            }

            if (label.Value.ValueKind == JsonValueKind.String && !IsText(label.Value))
            {
                return (ErrorCode.BadRequest, $"{path}.{Quote.Of(label.Name)} is no valid text (a lone surrogate)");
            }
        }

        return null;
    }

    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string Kind(Type type) =>
        type == typeof(string) ? "a string"
        : type == typeof(bool?) ? "true or false"
        : type == typeof(long?) ? "a whole number, such as 2"
        : type == typeof(MessageMeta) || type == typeof(VmPlacement) ? "an object"
        : type == typeof(LogFrom) ? "\"tail\", \"start\" or a sequence number, such as 1"
        : type == typeof(IReadOnlyList<string>) ? "an array of strings"
        : "an object of strings";
}
