using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hydravisor.Actors.Recordings;

/// <summary>Lines that are made to be appended to an asciicast file by one write. Used again and again; not safe for several threads.</summary>
internal sealed class CastBatch
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> _lines = new();
    private readonly Utf8JsonWriter _json;

    /// <summary>An empty one.</summary>
    public CastBatch() => _json = new Utf8JsonWriter(_lines, Options);

    /// <summary>When what is added happened, in microseconds since the file began.</summary>
    public long Micros { get; private set; }

    /// <summary>Whether nothing was added.</summary>
    public bool IsEmpty => _lines.WrittenCount == 0;

    /// <summary>The lines.</summary>
    public ReadOnlySpan<byte> Lines => _lines.WrittenSpan;

    /// <summary>Begins anew.</summary>
    public void Clear(long micros)
    {
        _lines.ResetWrittenCount();
        Micros = micros;
    }

    /// <summary>Adds the first line of a file.</summary>
    public void Header(CastHeader header)
    {
        _lines.Write(header.ToLine());
        _lines.Write("\n"u8);
    }

    /// <summary>Adds an event. Unpaired surrogates become U+FFFD.</summary>
    public void Add(char code, ReadOnlySpan<char> data)
    {
        _json.Reset(_lines);
        _json.WriteStartArray();
        _json.WriteNumberValue(Micros / 1_000_000m);
        _json.WriteStringValue([code]);
        _json.WriteStringValue(data);
        _json.WriteEndArray();
        _json.Flush();
        _lines.Write("\n"u8);
    }

    /// <summary>Adds who typed, and what.</summary>
    public void Typed(string by, ReadOnlySpan<char> text)
    {
        Add(CastCode.User, by);
        Add(CastCode.Input, text);
    }

    /// <summary>Adds the size of the terminal.</summary>
    public void Size(int cols, int rows) => Add(CastCode.Resize, string.Create(CultureInfo.InvariantCulture, $"{cols}x{rows}"));
}
