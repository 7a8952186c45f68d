using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Hydravisor.Protocol;

/// <summary>
/// Lines of the wire to records and back. Pure and thread-safe. A line is what stands between two LFs, without them; to find
/// lines, and to pass over empty ones, is the framer's matter.
/// </summary>
public static class LineCodec
{
    /// <summary>
    /// Reads a client's line. Never throws: whatever is no message comes out as the answer to send, with the request id
    /// wherever it can be read.
    /// </summary>
    public static Decoded Decode(ReadOnlySpan<byte> line)
    {
        Span<char> typeBuffer = stackalloc char[LineScan.TypeBytesMax];
        Span<Range> keyBuffer = stackalloc Range[DuplicateKeys.PlainKeysMax];
        var scan = new LineScan(line, typeBuffer, keyBuffer);
        scan.Run();
        if (!Utf8.IsValid(line))
        {
            return Refuse(scan, ErrorCode.BadRequest, "the line is not UTF-8");
        }

        if (scan.Fault is { } fault)
        {
            return Refuse(scan, ErrorCode.BadRequest, fault);
        }

        if (scan.TypeToken != JsonTokenType.String)
        {
            return WithoutType(scan);
        }

        return MessageCatalogue.Find(scan.Type) is { } entry ? Read(line, scan, entry) : UnknownType(scan);
    }

    /// <summary>Writes a server's message as JSON and one LF.</summary>
    public static void Encode(ServerMessage message, IBufferWriter<byte> to) => LineEncoder.Write(message, to);

    /// <summary>Writes a client's message as JSON and one LF.</summary>
    public static void Encode(ClientMessage message, IBufferWriter<byte> to) => LineEncoder.Write(message, to);

    /// <summary>
    /// Reads a server's line, for clients. A type that this version does not know is an <see cref="UnknownServerMessage"/>.
    /// </summary>
    /// <exception cref="ProtocolException">The line is not what the protocol says.</exception>
    public static ServerMessage DecodeServer(ReadOnlySpan<byte> line) => ServerLine.Read(line);

    private static Decoded Read(ReadOnlySpan<byte> line, in LineScan scan, MessageEntry entry)
    {
        ClientMessage message;
        try
        {
            var ordinary = entry.RecordType == typeof(VmStateQuery) ? VmStateLine.TryRead(line) : null;
            message = ordinary ?? (ClientMessage)JsonSerializer.Deserialize(line, entry.TypeInfo)!;
        }
        catch (Exception refused) when (refused is JsonException or InvalidOperationException)
        {
            var (code, text) = FieldReport.For(line, entry);
            return Refuse(scan, code, text);
        }

        return message.Meta?.RequestId is { } requestId && !IsRequestId(requestId)
            ? Refuse(
                scan,
                ErrorCode.BadRequest,
                $"meta.request_id is {(requestId.Length == 0 ? "empty" : "too long")}; it must be {RequestIdRule}")
            : Decoded.Of(message);
    }

    private static string RequestIdRule => $"a string of 1 to {Limits.RequestIdCharsMax} characters";

    private static bool IsRequestId(string text) =>
        text.Length is > 0 and <= Limits.RequestIdCharsMax
        || (text.Length is > 0 and <= Limits.RequestIdCharsMax * 2 && text.EnumerateRunes().Count() <= Limits.RequestIdCharsMax);

    private static Decoded WithoutType(in LineScan scan)
    {
        if (scan.TypeToken is not (JsonTokenType.None or JsonTokenType.Null))
        {
            return Refuse(
                scan,
                ErrorCode.BadRequest,
                $"type is {JsonWords.Of(scan.TypeToken)}; it must be a string such as \"{MessageTypes.VmCreate}\"");
        }

        return scan.HasJsonRpc
            ? Decoded.Refused(new JsonRpcErrorReply
            {
                IdJson = scan.IdJson.IsEmpty ? "null" : Encoding.UTF8.GetString(scan.IdJson),
                Message = "This port speaks the Hydravisor line protocol; the Model Context Protocol is not served here yet.",
            })
            : Refuse(scan, ErrorCode.BadRequest, $"type is missing; it must be a string such as \"{MessageTypes.VmCreate}\"");
    }

    private static Decoded UnknownType(in LineScan scan)
    {
        foreach (var type in MessageCatalogue.ServerOnly)
        {
            if (scan.Type.SequenceEqual(type))
            {
                return Refuse(scan, ErrorCode.NotAllowed, $"{type} is sent by the server only; clients send {KnownTypes}");
            }
        }

        var shown = scan.Type.IsEmpty ? "" : " " + Quote.Of(scan.Type);
        return Refuse(scan, ErrorCode.BadRequest, $"unknown type{shown}; known are {KnownTypes}");
    }

    private static string KnownTypes { get; } = string.Join(", ", MessageCatalogue.Client.Select(entry => entry.WireType));

    private static Decoded Refuse(in LineScan scan, ErrorCode code, string text)
    {
        var instanceId = Text(scan.InstanceId);
        return Decoded.Refused(code, text, RequestIdOf(scan), InstanceId.IsWellFormed(instanceId) ? instanceId : null);
    }

    /// <summary>The request id that a line bears, if it is one that an answer may bear.</summary>
    internal static string? RequestIdOf(in LineScan scan) =>
        Text(scan.RequestId) is { } requestId && IsRequestId(requestId) ? requestId : null;

    private static string? Text(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || !Utf8.IsValid(json))
        {
            return null;
        }

        var reader = new Utf8JsonReader(json);
        try
        {
            return reader.Read() ? reader.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
