using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hydravisor.Actors.Journal;

/// <summary>One event as the journal holds it: the event, its cause, its place, and the hash of its predecessor.</summary>
/// <remarks>
/// The bytes are made once, when the event is sealed, and are what is stored; the hash is over these bytes. An event that
/// is read back keeps the bytes' hash, so the chain is checked against what stands on disk and not against a rewriting.
/// </remarks>
internal sealed class StoredEvent
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private StoredEvent(string manifest, byte[] bytes, string stream, long sequence, DateTimeOffset at, EventHash previous, Cause cause, object @event)
    {
        Manifest = manifest;
        Bytes = bytes;
        Stream = stream;
        Sequence = sequence;
        At = at;
        Previous = previous;
        Cause = cause;
        Event = @event;
        Hash = EventHash.Of(manifest, bytes);
    }

    /// <summary>The manifest of the event.</summary>
    public string Manifest { get; }

    /// <summary>The stored bytes: one JSON object in UTF-8.</summary>
    public byte[] Bytes { get; }

    /// <summary>The persistence id of the stream.</summary>
    public string Stream { get; }

    /// <summary>The sequence number in the stream, from 1.</summary>
    public long Sequence { get; }

    /// <summary>When the event was decided.</summary>
    public DateTimeOffset At { get; }

    /// <summary>The hash of the event before this one.</summary>
    public EventHash Previous { get; }

    /// <summary>Why the event happened.</summary>
    public Cause Cause { get; }

    /// <summary>The event itself.</summary>
    public object Event { get; }

    /// <summary>This event's own hash.</summary>
    public EventHash Hash { get; }

    /// <summary>Seals a new event.</summary>
    public static StoredEvent Seal(
        Vocabulary vocabulary, string stream, long sequence, DateTimeOffset at, EventHash previous, Cause cause, object @event)
    {
        var manifest = vocabulary.ManifestOf(@event);
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("stream"u8, stream);
            json.WriteNumber("seq"u8, sequence);
            json.WriteString("at"u8, at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("prev"u8, previous.Hex);
            json.WritePropertyName("cause"u8);
            JsonSerializer.Serialize(json, cause, CauseJson.Default.Cause);
            json.WritePropertyName("event"u8);
            JsonSerializer.Serialize(json, @event, vocabulary.Find(manifest)!);
            json.WriteEndObject();
        }

        return new StoredEvent(manifest, buffer.WrittenSpan.ToArray(), stream, sequence, at, previous, cause, @event);
    }

    /// <summary>Reads a stored event back.</summary>
    /// <exception cref="JsonException">The bytes are not a stored event of that vocabulary.</exception>
    public static StoredEvent Open(Vocabulary vocabulary, string manifest, byte[] bytes)
    {
        var type = vocabulary.Find(manifest)
            ?? throw new JsonException($"The journal holds an event '{manifest}' that this version does not know.");
        using var document = JsonDocument.Parse(bytes);
        var root = document.RootElement;
        return new StoredEvent(
            manifest,
            bytes,
            Text(root, "stream"),
            root.GetProperty("seq").GetInt64(),
            root.GetProperty("at").GetDateTimeOffset(),
            EventHash.Parse(Text(root, "prev")),
            root.GetProperty("cause").Deserialize(CauseJson.Default.Cause) ?? throw new JsonException("A stored event has no cause."),
            root.GetProperty("event").Deserialize(type) ?? throw new JsonException("A stored event is empty."));
    }

    /// <summary>Checks that this event stands where the chain expects it.</summary>
    /// <exception cref="BrokenChainException">Another stream, another number, or another predecessor.</exception>
    public void VerifyFollows(string stream, long sequence, EventHash head)
    {
        if (Stream != stream || Sequence != sequence || Previous != head)
        {
            throw new BrokenChainException(
                $"Event {sequence} of stream {stream} does not follow its predecessor: it says stream {Stream}, number {Sequence}, "
                + $"predecessor {Previous.Hex[..12]}…, where {head.Hex[..12]}… was expected. The journal was altered or restored in part.");
        }
    }

    private static string Text(JsonElement root, string name) =>
        root.GetProperty(name).GetString() ?? throw new JsonException($"'{name}' of a stored event is null.");
}

/// <summary>A stream of the journal whose events do not follow each other.</summary>
internal sealed class BrokenChainException(string message) : Exception(message);

/// <summary>The JSON form of <see cref="Cause"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Cause))]
internal sealed partial class CauseJson : JsonSerializerContext;
