using System.Text.Json;

namespace Hydravisor.Protocol;

/// <summary>
/// One pass over a line that makes nothing unless it must: is it one JSON object without duplicate keys, and where are the few
/// fields that the codec needs before it knows the type. Forgiving: it goes on after the first fault, so that the request id is
/// found behind it too.
/// </summary>
internal ref struct LineScan
{
    /// <summary>The longest type as raw JSON text; <c>\u0076</c> is six bytes for one character.</summary>
    public const int TypeBytesMax = 128;

    private readonly ReadOnlySpan<byte> _line;
    private readonly Span<char> _typeBuffer;
    private DuplicateKeys _keys;
    private bool _requestIdTwice;

    public LineScan(ReadOnlySpan<byte> line, Span<char> typeBuffer, Span<Range> keyBuffer)
    {
        _line = line;
        _typeBuffer = typeBuffer;
        _keys = new DuplicateKeys(line, keyBuffer);
    }

    /// <summary>The first fault as a sentence for the caller; none if the line is one clean object.</summary>
    public string? Fault { get; private set; }

    /// <summary>The type, if there is a string; empty if it is too long to be any.</summary>
    public ReadOnlySpan<char> Type { get; private set; }

    /// <summary>What stands under <c>type</c>; <see cref="JsonTokenType.None"/> if it is absent.</summary>
    public JsonTokenType TypeToken { get; private set; }

    public bool HasJsonRpc { get; private set; }

    /// <summary>The raw text of a string or number under <c>id</c>.</summary>
    public ReadOnlySpan<byte> IdJson { get; private set; }

    /// <summary>The raw JSON string under <c>meta.request_id</c>, with its quotes.</summary>
    public ReadOnlySpan<byte> RequestId { get; private set; }

    /// <summary>The raw JSON string under <c>instance_id</c>, with its quotes.</summary>
    public ReadOnlySpan<byte> InstanceId { get; private set; }

    public void Run()
    {
        var ended = false;
        // Depth is judged below and not by the reader, so that a line that is too deep still gives its request id.
        var reader = new Utf8JsonReader(_line, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                Fault = $"the line is {JsonWords.Of(reader.TokenType)}; send one JSON object a line";
                return;
            }

            ReadObject(ref reader);
            ended = true;
            reader.Read();
        }
        catch (JsonException malformed)
        {
            Fault ??= ended
                ? "there is more on the line after the JSON object; send one JSON object a line"
                : JsonWords.Malformed(_line, malformed);
        }
    }

    private void ReadObject(scoped ref Utf8JsonReader reader)
    {
        var inMeta = false;
        _keys.Enter(0);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    Fault ??= _keys.Add(ref reader);
                    inMeta = reader.CurrentDepth == 1 ? ReadTopField(ref reader) : inMeta;
                    if (inMeta && reader.CurrentDepth == 2 && Is(ref reader, "request_id"u8))
                    {
                        ReadRequestId(ref reader);
                    }

                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    Enter(ref reader);
                    break;
                case JsonTokenType.EndObject when reader.CurrentDepth == 0:
                    return;
                case JsonTokenType.EndObject:
                    _keys.Leave(reader.CurrentDepth);
                    break;
            }
        }
    }

    private void Enter(scoped ref Utf8JsonReader reader)
    {
        if (reader.CurrentDepth >= Limits.JsonDepthMax)
        {
            Fault ??= $"the line nests deeper than {Limits.JsonDepthMax} objects and arrays";
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            _keys.Enter(reader.CurrentDepth);
        }
    }

    /// <summary>Reads a field of the line's own object that matters; answers whether the meta block begins.</summary>
    private bool ReadTopField(scoped ref Utf8JsonReader reader)
    {
        if (Is(ref reader, "type"u8))
        {
            reader.Read();
            TypeToken = reader.TokenType;
            if (TypeToken == JsonTokenType.String && reader.ValueSpan.Length <= TypeBytesMax)
            {
                Type = Copy(ref reader);
            }
        }
        else if (Is(ref reader, "instance_id"u8))
        {
            reader.Read();
            InstanceId = Raw(ref reader, reader.TokenType == JsonTokenType.String);
        }
        else if (Is(ref reader, "jsonrpc"u8))
        {
            HasJsonRpc = true;
            return false;
        }
        else if (Is(ref reader, "id"u8))
        {
            reader.Read();
            IdJson = Raw(ref reader, reader.TokenType is JsonTokenType.String or JsonTokenType.Number);
        }
        else
        {
            return Is(ref reader, "meta"u8);
        }

        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            Enter(ref reader);
        }

        return false;
    }

    private void ReadRequestId(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        var raw = Raw(ref reader, reader.TokenType == JsonTokenType.String);
        // Two different ones: nobody can say which the client waits for.
        _requestIdTwice |= !RequestId.IsEmpty && !RequestId.SequenceEqual(raw);
        RequestId = _requestIdTwice ? default : raw;
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            Enter(ref reader);
        }
    }

    /// <summary>The reader throws on an escaped name that is no text; the fault is found by whoever keeps the keys.</summary>
    internal static bool Is(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        try
        {
            return reader.ValueTextEquals(name);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private readonly ReadOnlySpan<byte> Raw(scoped ref Utf8JsonReader reader, bool wanted) =>
        wanted ? _line[(int)reader.TokenStartIndex..(int)reader.BytesConsumed] : default;

    private readonly ReadOnlySpan<char> Copy(scoped ref Utf8JsonReader reader)
    {
        try
        {
            return _typeBuffer[..reader.CopyString(_typeBuffer)];
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate: no type that anybody knows.
            return "\uFFFD";
        }
    }
}
