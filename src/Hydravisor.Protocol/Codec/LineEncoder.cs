using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hydravisor.Protocol;

/// <summary>Records to lines. One writer a thread is kept, since making one costs more than a message.</summary>
internal static class LineEncoder
{
    internal static readonly JsonWriterOptions Options = new()
    {
        // The line goes to a socket, never into HTML: only what JSON itself asks for is escaped.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = Limits.JsonDepthMax,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    public static void Write(object message, IBufferWriter<byte> to)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(to);
        // Taken out while in use, so that a buffer writer that calls us again gets another one.
        var writer = _writer ?? new Utf8JsonWriter(to, Options);
        _writer = null;
        writer.Reset(to);
        if (message is JsonRpcErrorReply reply)
        {
            Write(reply, writer);
        }
        else if (message is VmStateMessage state)
        {
            VmStateLine.Write(state, writer);
        }
        else if (message is ModelLog { PayloadJson: { } entries } log)
        {
            Write(log, entries.Span, writer);
        }
        else
        {
            var type = WireContext.Default.GetTypeInfo(message.GetType())
                ?? throw new ArgumentException($"A {message.GetType().Name} is not for the wire.", nameof(message));
            JsonSerializer.Serialize(writer, message, type);
        }

        writer.Flush();
        to.GetSpan(1)[0] = (byte)'\n';
        to.Advance(1);
        writer.Reset(Nowhere.Instance);
        _writer = writer;
    }

    private static void Write(JsonRpcErrorReply reply, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("jsonrpc"u8, "2.0"u8);
        writer.WritePropertyName("id"u8);
        writer.WriteRawValue(reply.IdJson);
        writer.WriteStartObject("error"u8);
        writer.WriteNumber("code"u8, reply.Code);
        writer.WriteString("message"u8, reply.Message);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Write(ModelLog log, ReadOnlySpan<byte> entries, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, log.Type);
        writer.WriteString("source"u8, log.Source);
        writer.WritePropertyName("payload"u8);
        writer.WriteStartArray();
        if (!entries.IsEmpty)
        {
            writer.WriteRawValue(entries, skipInputValidation: true);
        }

        writer.WriteEndArray();
        if (log.Next is { } next)
        {
            writer.WriteNumber("next"u8, next);
        }

        if (log.Meta is { } meta)
        {
            writer.WritePropertyName("meta"u8);
            JsonSerializer.Serialize(writer, meta, WireContext.Default.ReplyMeta);
        }

        writer.WriteEndObject();
    }

    /// <summary>Where a kept writer points, so that it holds nobody's buffer.</summary>
    private sealed class Nowhere : IBufferWriter<byte>
    {
        public static readonly Nowhere Instance = new();

        public void Advance(int count) => throw new InvalidOperationException("This writer is not in use.");

        public Memory<byte> GetMemory(int sizeHint = 0) => throw new InvalidOperationException("This writer is not in use.");

        public Span<byte> GetSpan(int sizeHint = 0) => throw new InvalidOperationException("This writer is not in use.");
    }
}
