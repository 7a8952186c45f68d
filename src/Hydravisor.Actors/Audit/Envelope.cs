using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Hydravisor.Actors.Audit;

/// <summary>What stands around a stored event: its place and its predecessor, read without making objects of the rest.</summary>
/// <remarks>The members must be those that <see cref="Journal.StoredEvent"/> writes, in its order: nothing else was ever stored.</remarks>
internal ref struct Envelope
{
    private static readonly string[] Members = ["stream", "seq", "at", "prev", "cause", "event"];

    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789abcdef"u8);

    private Utf8JsonReader _stream;
    private long _sequence;
    private DateTimeOffset _at;

    /// <summary>The number in its stream.</summary>
    public readonly long Sequence => _sequence;

    /// <summary>When the event was decided.</summary>
    public readonly DateTimeOffset At => _at;

    /// <summary>The hash of the predecessor: sixty-four digits in ASCII.</summary>
    public ReadOnlySpan<byte> Previous { readonly get; private set; }

    /// <summary>The cause, as JSON.</summary>
    public ReadOnlySpan<byte> Cause { readonly get; private set; }

    /// <summary>The event itself, as JSON.</summary>
    public ReadOnlySpan<byte> Event { readonly get; private set; }

    /// <summary>Whether the event says that it is of this stream.</summary>
    public readonly bool IsOf(string stream) => _stream.ValueTextEquals(stream);

    /// <summary>The stream that the event says it is of, for a person: the bytes may be no valid text.</summary>
    public readonly string Stream() => Encoding.UTF8.GetString(_stream.ValueSpan);

    /// <summary>Reads it.</summary>
    /// <param name="stored">The stored bytes.</param>
    /// <param name="envelope">What was read.</param>
    /// <param name="problem">Why these bytes are no stored event.</param>
    public static bool TryRead(ReadOnlySpan<byte> stored, out Envelope envelope, [NotNullWhen(false)] out string? problem)
    {
        envelope = default;
        try
        {
            problem = Read(stored, out envelope);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            problem = $"it is no JSON ({e.Message})";
        }

        return problem is null;
    }

    private static string? Read(ReadOnlySpan<byte> stored, out Envelope envelope)
    {
        envelope = default;
        var read = default(Envelope);
        var reader = new Utf8JsonReader(stored);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return "it is no JSON object";
        }

        for (var i = 0; i < Members.Length; i++)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals(Members[i]))
            {
                return $"'{Members[i]}' was expected, and {(reader.TokenType == JsonTokenType.PropertyName ? $"'{reader.GetString()}'" : "the end")} stands there";
            }

            reader.Read();
            if (!read.Take(i, ref reader, stored))
            {
                return $"its '{Members[i]}' is not what such a member holds";
            }
        }

        reader.Read();
        if (reader.TokenType != JsonTokenType.EndObject)
        {
            return $"it bears a member '{reader.GetString()}' that no stored event has";
        }

        // Throws where something follows.
        reader.Read();
        envelope = read;
        return null;
    }

    private bool Take(int member, ref Utf8JsonReader reader, ReadOnlySpan<byte> stored)
    {
        var begin = (int)reader.TokenStartIndex;
        switch (member)
        {
            case 0:
                _stream = reader;
                return reader.TokenType == JsonTokenType.String;
            case 1:
                return reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out _sequence);
            case 2:
                return reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out _at);
            case 3:
                Previous = reader.ValueSpan;
                return reader.TokenType == JsonTokenType.String && Previous.Length == 64 && !Previous.ContainsAnyExcept(Digits);
            default:
                var isObject = reader.TokenType == JsonTokenType.StartObject;
                reader.Skip();
                if (member == 4)
                {
                    Cause = stored[begin..(int)reader.BytesConsumed];
                }
                else
                {
                    Event = stored[begin..(int)reader.BytesConsumed];
                }

                return isObject;
        }
    }
}
