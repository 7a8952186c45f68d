using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary><c>recording/query</c>: read a piece of what was shown and typed at a recorded VM's terminal, also of a VM that was deleted.</summary>
public sealed record RecordingQuery : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.RecordingQuery;

    /// <summary>The node whose recording is meant; absent: the one that has the VM, or had it last. A VM that moved was recorded by each.</summary>
    public string? Node { get; init; }

    /// <summary>Only this part, from 1; absent: all that are there.</summary>
    public long? Part { get; init; }

    /// <summary>Where to go on: <see cref="RecordingReply.Next"/> as it was; absent: at the beginning.</summary>
    public string? From { get; init; }

    /// <summary>Whether what was typed, and by whom, is wanted too; absent: it is.</summary>
    public bool? Input { get; init; }

    /// <summary>How many events at most: 1 to <see cref="Limits.RecordingQueryEventsMax"/>; absent: that.</summary>
    public long? Limit { get; init; }
}

/// <summary>
/// The reply to <c>recording/query</c>. <see cref="Header"/> and the <see cref="Events"/> of all replies, until one says that there are no more, are the lines of an asciicast v2 file
/// (docs.asciinema.org/manual/asciicast/v2). Parts and events are compared by reference.
/// </summary>
public sealed record RecordingReply : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.RecordingQuery;

    /// <summary>Always <see langword="true"/>; a refusal is an <see cref="ErrorMessage"/>.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The VM.</summary>
    public required string InstanceId { get; init; }

    /// <summary>The node that has it: <see cref="RecordingQuery.Node"/> of who reads on, so that it stays the same recording where the VM is moved meanwhile.</summary>
    public required string Node { get; init; }

    /// <summary>The VM's name.</summary>
    public required string Name { get; init; }

    /// <summary>When the recording began, also where its first parts are gone.</summary>
    [JsonConverter(typeof(WireTimeConverter))]
    public required DateTimeOffset Started { get; init; }

    /// <summary>Seconds from its beginning to its last event.</summary>
    public required decimal DurationS { get; init; }

    /// <summary>Bytes that the console showed since the beginning.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>Input events since the beginning.</summary>
    public required long Inputs { get; init; }

    /// <summary>Places where something is missing; a marker says so at each.</summary>
    public required long Gaps { get; init; }

    /// <summary>What is there of it. A number that is missing was removed.</summary>
    public required IReadOnlyList<RecordingPart> Parts { get; init; }

    /// <summary>The first line of an asciicast file that begins where this reading began.</summary>
    public required JsonElement Header { get; init; }

    /// <summary>The events.</summary>
    public required RecordingEvents Events { get; init; }

    /// <summary>Whether there are more already.</summary>
    public required bool More { get; init; }

    /// <summary>From where to go on, also later where the VM is still recorded.</summary>
    public required string Next { get; init; }
}

/// <summary>A part of a recording.</summary>
/// <param name="Part">Which; the first is 1.</param>
/// <param name="Started">When it began.</param>
/// <param name="Bytes">Its size on the disk of its node.</param>
public sealed record RecordingPart(long Part, [property: JsonConverter(typeof(WireTimeConverter))] DateTimeOffset Started, long Bytes);

/// <summary>Events of an asciicast file: a JSON array of <c>[seconds, "code", "data"]</c>, kept as it was written. Immutable.</summary>
[JsonConverter(typeof(RecordingEventsConverter))]
public sealed class RecordingEvents
{
    private readonly ReadOnlyMemory<byte> _json;

    /// <summary>Takes an array that is JSON already.</summary>
    /// <param name="json">UTF-8, with its brackets; written to lines as it is.</param>
    public RecordingEvents(ReadOnlyMemory<byte> json) => _json = json;

    /// <summary>The array, in UTF-8.</summary>
    public ReadOnlySpan<byte> Json => _json.Span;

    /// <summary>The events one by one, each as a line of an asciicast file.</summary>
    public IEnumerable<string> Lines()
    {
        using var events = JsonDocument.Parse(_json);
        foreach (var each in events.RootElement.EnumerateArray())
        {
            yield return each.GetRawText();
        }
    }
}

/// <summary>Events as they stand.</summary>
internal sealed class RecordingEventsConverter : JsonConverter<RecordingEvents>
{
    /// <inheritdoc/>
    public override RecordingEvents Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var events = JsonDocument.ParseValue(ref reader);
        return events.RootElement.ValueKind == JsonValueKind.Array
            ? new RecordingEvents(System.Text.Encoding.UTF8.GetBytes(events.RootElement.GetRawText()))
            : throw new JsonException("events are no array");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, RecordingEvents value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Json, skipInputValidation: true);
}
