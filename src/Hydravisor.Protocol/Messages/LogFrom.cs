using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary>Where in a VM's log somebody begins: a word or a sequence number, as it stood on the line.</summary>
/// <param name="Word"><c>tail</c> or <c>start</c>; null where a number stood.</param>
/// <param name="Seq">The sequence number of the first entry that is wanted; null where a word stood.</param>
[JsonConverter(typeof(LogFromConverter))]
public sealed record LogFrom(string? Word, long? Seq)
{
    /// <summary>What comes from now on.</summary>
    public static LogFrom Tail { get; } = new("tail", null);

    /// <summary>All that there is, and what comes.</summary>
    public static LogFrom Start { get; } = new("start", null);

    /// <summary>From that number on.</summary>
    public static LogFrom At(long seq) => new(null, seq);

    /// <inheritdoc/>
    public override string ToString() => Word ?? Seq?.ToString(CultureInfo.InvariantCulture) ?? "";
}

/// <summary>A word or a whole number.</summary>
internal sealed class LogFromConverter : JsonConverter<LogFrom>
{
    public override LogFrom Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => new LogFrom(reader.GetString(), null),
        JsonTokenType.Number when reader.TryGetInt64(out var seq) => LogFrom.At(seq),
        _ => throw new JsonException(),
    };

    public override void Write(Utf8JsonWriter writer, LogFrom value, JsonSerializerOptions options)
    {
        if (value.Seq is { } seq)
        {
            writer.WriteNumberValue(seq);
        }
        else
        {
            writer.WriteStringValue(value.Word);
        }
    }
}
