using System.Text.Json;

namespace Hydravisor.Actors.Recordings;

/// <summary>One event of an asciicast file, still in the bytes of its line.</summary>
internal readonly ref struct CastLine
{
    private CastLine(long micros, char code, ReadOnlySpan<byte> data)
    {
        Micros = micros;
        Code = code;
        Data = data;
    }

    /// <summary>When, in microseconds since the file began.</summary>
    public long Micros { get; }

    /// <summary>What; see <see cref="CastCode"/>.</summary>
    public char Code { get; }

    /// <summary>The data as a JSON string, with its quotes.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>The data.</summary>
    public string Text
    {
        get
        {
            var reader = new Utf8JsonReader(Data);
            reader.Read();
            return reader.GetString()!;
        }
    }

    /// <summary>Reads a line without its end; false: it is no event.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, out CastLine found)
    {
        found = default;
        var reader = new Utf8JsonReader(line);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray
                || !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetDecimal(out var seconds)
                || !reader.Read() || reader.TokenType != JsonTokenType.String || reader.GetString() is not [var code]
                || !reader.Read() || reader.TokenType != JsonTokenType.String)
            {
                return false;
            }

            var data = line[(int)reader.TokenStartIndex..(int)reader.BytesConsumed];
            if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            {
                return false;
            }

            found = new CastLine((long)(seconds * 1_000_000), code, data);
            return true;
        }
        catch (Exception e) when (e is JsonException or OverflowException)
        {
            return false;
        }
    }
}
