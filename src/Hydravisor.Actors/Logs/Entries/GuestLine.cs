using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Logs.Entries;

/// <summary>What a guest wrote to its log port as a JSON object. Good as long as the bytes that it was read from.</summary>
internal readonly struct GuestLine : IDisposable
{
    // An entry stands in the message's object and in its array, and the fields in the entry: the peer's limit of depth is for all of it.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = Limits.JsonDepthMax - 3, AllowDuplicateProperties = false };

    private readonly JsonDocument _document;

    private GuestLine(JsonDocument document) => _document = document;

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="read">What it says.</param>
    /// <param name="refused">Whether it looked like an object and was none that we take: too deep, a key twice, not UTF-8, no <c>msg</c>, half a surrogate pair.</param>
    /// <returns>False: it is plain text.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> line, out GuestLine read, out bool refused)
    {
        (read, refused) = (default, false);
        if (line.Span is not [(byte)'{', .., (byte)'}'])
        {
            return false;
        }

        refused = true;
        JsonDocument? document = null;
        try
        {
            if (!Utf8.IsValid(line.Span))
            {
                return false;
            }

            document = JsonDocument.Parse(line, Options);
            if (document.RootElement.TryGetProperty("msg"u8, out var msg) && msg.ValueKind == JsonValueKind.String && (line.Span.IndexOf("\\u"u8) < 0 || AreTexts(document.RootElement)))
            {
                refused = false;
                read = new GuestLine(document);
                document = null;
                return true;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, a key twice, or half a surrogate pair: plain text.
        }
        finally
        {
            document?.Dispose();
        }

        return false;
    }

    /// <summary>The value of <c>msg</c> as it stands, with its quotes.</summary>
    public ReadOnlySpan<byte> Msg => JsonMarshal.GetRawUtf8Value(_document.RootElement.GetProperty("msg"u8));

    /// <summary>The value of <c>timestamp</c> as it stands, with its quotes; empty: there is none, or it is no point in time.</summary>
    public ReadOnlySpan<byte> Timestamp
    {
        get
        {
            if (_document.RootElement.TryGetProperty("timestamp"u8, out var value) && value.ValueKind == JsonValueKind.String)
            {
                var raw = JsonMarshal.GetRawUtf8Value(value);
                return Rfc3339.Is(raw[1..^1]) ? raw : default;
            }

            return default;
        }
    }

    /// <summary>Writes all other members as they stand, as an object; nothing where there are none.</summary>
    /// <param name="frame">Where to.</param>
    /// <param name="hasTimestamp">Whether <c>timestamp</c> is not among them.</param>
    public void WriteFields(Segments.FrameBuilder frame, bool hasTimestamp)
    {
        var any = false;
        foreach (var member in _document.RootElement.EnumerateObject())
        {
            if (member.NameEquals("msg"u8) || (hasTimestamp && member.NameEquals("timestamp"u8)))
            {
                continue;
            }

            frame.Write(any ? ","u8 : ",\"fields\":{"u8);
            frame.Write("\""u8);
            frame.Write(JsonMarshal.GetRawUtf8PropertyName(member));
            frame.Write("\":"u8);
            frame.Write(JsonMarshal.GetRawUtf8Value(member.Value));
            any = true;
        }

        if (any)
        {
            frame.Write("}"u8);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _document?.Dispose();

    private static bool AreTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return element.GetString() is not null;
            case JsonValueKind.Array:
                return element.EnumerateArray().All(AreTexts);
            case JsonValueKind.Object:
                return element.EnumerateObject().All(member => member.Name is not null && AreTexts(member.Value));
            default:
                return true;
        }
    }
}
