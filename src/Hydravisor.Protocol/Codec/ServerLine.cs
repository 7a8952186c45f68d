using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Hydravisor.Protocol;

/// <summary>A server's line to a record. Clients read far less than nodes do: simple comes before fast here.</summary>
internal static class ServerLine
{
    public static ServerMessage Read(ReadOnlySpan<byte> line)
    {
        using var document = Parse(line);
        try
        {
            return Read(document.RootElement);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            throw new ProtocolException($"The server's line does not follow the protocol: {fault.Message}", fault)
            {
                IsObject = true,
                RequestId = RequestIdOf(document.RootElement),
            };
        }
    }

    private static JsonDocument Parse(ReadOnlySpan<byte> line)
    {
        JsonDocument? document = null;
        try
        {
            var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = Limits.JsonDepthMax });
            document = JsonDocument.ParseValue(ref reader);
            if (!reader.Read() && document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }
        }
        catch (JsonException fault)
        {
            document?.Dispose();
            throw new ProtocolException($"The server's line is not one JSON object: {fault.Message}", fault);
        }

        document.Dispose();
        throw new ProtocolException("The server's line is not one JSON object.");
    }

    private static string? RequestIdOf(JsonElement line)
    {
        try
        {
            return line.TryGetProperty("meta"u8, out var meta)
                && meta.ValueKind == JsonValueKind.Object
                && meta.TryGetProperty("request_id"u8, out var id)
                && id.ValueKind == JsonValueKind.String
                ? id.GetString()
                : null;
        }
        catch (InvalidOperationException)
        {
            return null; // a lone surrogate
        }
    }

    private static ServerMessage Read(JsonElement line)
    {
        if (!line.TryGetProperty("type"u8, out var type))
        {
            return ReadJsonRpc(line);
        }

        var name = type.GetString() ?? throw new ProtocolException("The server's line has no type.");
        return TypeOf(name, line) is { } known
            ? (ServerMessage)line.Deserialize(known)!
            : new UnknownServerMessage(name);
    }

    private static JsonTypeInfo? TypeOf(string name, JsonElement line) => name switch
    {
        MessageTypes.VmCreate => WireContext.Default.VmCreated,
        MessageTypes.VmDelete or MessageTypes.VmStart or MessageTypes.VmStop or MessageTypes.VmSuspend or MessageTypes.VmResume
            or MessageTypes.VmReboot or MessageTypes.TerminalInput or MessageTypes.TerminalResize or MessageTypes.TerminalDetach
            or MessageTypes.LogUnsubscribe => WireContext.Default.OkReply,
        MessageTypes.VmState when line.TryGetProperty("ok"u8, out _) => WireContext.Default.OkReply,
        MessageTypes.VmState => WireContext.Default.VmStateMessage,
        MessageTypes.VmList => WireContext.Default.VmListReply,
        MessageTypes.VmAttachTerminal => WireContext.Default.AttachReply,
        MessageTypes.VmExec => WireContext.Default.ExecReply,
        MessageTypes.LogSubscribe => WireContext.Default.LogSubscribed,
        MessageTypes.ModelLog => WireContext.Default.ModelLog,
        MessageTypes.RecordingQuery => WireContext.Default.RecordingReply,
        MessageTypes.TerminalOutput => WireContext.Default.TerminalOutput,
        MessageTypes.NodeList => WireContext.Default.NodeListReply,
        MessageTypes.NodeCordon or MessageTypes.NodeDrain or MessageTypes.NodeResume => WireContext.Default.NodeReply,
        MessageTypes.Heartbeat when line.TryGetProperty("ok"u8, out _) => WireContext.Default.HeartbeatReply,
        MessageTypes.Heartbeat => WireContext.Default.HeartbeatRequest,
        MessageTypes.Error => WireContext.Default.ErrorMessage,
        MessageTypes.Authorize => WireContext.Default.Authorize,
        _ => null,
    };

    private static JsonRpcErrorReply ReadJsonRpc(JsonElement line)
    {
        if (!line.TryGetProperty("jsonrpc"u8, out _)
            || !line.TryGetProperty("error"u8, out var error)
            || error.ValueKind != JsonValueKind.Object
            || !error.TryGetProperty("code"u8, out var code)
            || !code.TryGetInt32(out var number)
            || !error.TryGetProperty("message"u8, out var message))
        {
            throw new ProtocolException("The server's line has no type.");
        }

        return new JsonRpcErrorReply
        {
            IdJson = line.TryGetProperty("id"u8, out var id) ? id.GetRawText() : "null",
            Code = number,
            Message = message.GetString() ?? "",
        };
    }
}
