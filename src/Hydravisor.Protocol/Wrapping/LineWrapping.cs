using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Hydravisor.Protocol;

/// <summary>
/// The security wrapping of a message: an object without <c>type</c> that holds the message under <c>message</c>, and beside it
/// who sends it, when, and a signature. Pure and thread-safe.
/// </summary>
public static class LineWrapping
{
    /// <summary>
    /// Tells whether a line is wrapped, and reads the wrapping. Never throws. What is in the message is not looked at: decode
    /// <see cref="WrappedLine.Message"/> as if it were a line. A bare line costs a glance and makes nothing.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <param name="memory">What the lines before it said, which spares work and changes nothing; null: it is not kept.</param>
    public static Unwrapped Unwrap(ReadOnlyMemory<byte> line, WrapMemory? memory = null)
    {
        // All but strange clients write the type first, and an object with a type is no wrapping.
        if (line.Span.StartsWith("{\"type\":\""u8))
        {
            return default;
        }

        return PlainWrapping.TryRead(line, memory) is { } plain ? Unwrapped.Of(plain) : UnwrapAny(line);
    }

    /// <summary>The general way, for lines of any form.</summary>
    internal static Unwrapped UnwrapAny(ReadOnlyMemory<byte> line)
    {
        Span<Range> values = stackalloc Range[WrapScan.MemberCount];
        var scan = new WrapScan(line.Span, values);
        scan.Run();
        return !scan.IsWrapping ? default : scan.IsMalformed ? Malformed(line.Span) : Read(line, scan);
    }

    /// <summary>Writes a message with its wrapping as JSON and one LF, signed with a key.</summary>
    /// <param name="message">The message.</param>
    /// <param name="key">The agent's key.</param>
    /// <param name="role">The role to act in: 1 to 64 printable ASCII characters without spaces.</param>
    /// <param name="timestamp">Now, by the sender's clock.</param>
    /// <param name="nonce">16 to 64 printable ASCII characters without spaces, never used before with this key.</param>
    /// <param name="to">Where to; nothing is written if anything is wrong.</param>
    /// <exception cref="ArgumentException">The key is empty, or role or nonce are not as above.</exception>
    public static void Wrap(
        ClientMessage message,
        ReadOnlySpan<byte> key,
        string role,
        DateTimeOffset timestamp,
        string nonce,
        IBufferWriter<byte> to)
    {
        if (key.IsEmpty)
        {
            throw new ArgumentException("The key is empty.", nameof(key));
        }

        Write(message, key, MessageSignature.FingerprintOf(key), role, timestamp, nonce, to);
    }

    /// <summary>Writes a message with its wrapping, without a signature: for a connection that was made with the client certificate of that fingerprint.</summary>
    /// <param name="message">The message.</param>
    /// <param name="certificateFingerprint">SHA-256 of the certificate's DER, in 64 lowercase hexadecimal digits.</param>
    /// <param name="role">As above.</param>
    /// <param name="timestamp">As above.</param>
    /// <param name="nonce">As above, with this certificate.</param>
    /// <param name="to">As above.</param>
    /// <exception cref="ArgumentException">Fingerprint, role or nonce are not as above.</exception>
    public static void WrapUnsigned(
        ClientMessage message,
        string certificateFingerprint,
        string role,
        DateTimeOffset timestamp,
        string nonce,
        IBufferWriter<byte> to)
    {
        Check(certificateFingerprint, WrapRules.AgentFingerprint, nameof(certificateFingerprint));
        Write(message, key: default, certificateFingerprint, role, timestamp, nonce, to);
    }

    private static void Write(
        ClientMessage message,
        ReadOnlySpan<byte> key,
        string fingerprint,
        string role,
        DateTimeOffset timestamp,
        string nonce,
        IBufferWriter<byte> to)
    {
        ArgumentNullException.ThrowIfNull(to);
        CheckRole(role);
        Check(nonce, WrapRules.Nonce, nameof(nonce));
        var encoded = new ArrayBufferWriter<byte>();
        LineCodec.Encode(message, encoded);
        var inner = encoded.WrittenSpan[..^1];
        var time = timestamp.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        using var writer = new Utf8JsonWriter(to, LineEncoder.Options);
        writer.WriteStartObject();
        writer.WriteString("agent_fingerprint"u8, fingerprint);
        writer.WriteString("role"u8, role);
        writer.WriteString("timestamp"u8, time);
        writer.WriteString("nonce"u8, nonce);
        if (!key.IsEmpty)
        {
            writer.WriteString("hmac"u8, Convert.ToHexStringLower(MessageSignature.Compute(key, fingerprint, role, time, nonce, inner)));
        }

        writer.WritePropertyName("message"u8);
        writer.WriteRawValue(inner, skipInputValidation: true);
        writer.WriteEndObject();
        writer.Flush();
        to.Write("\n"u8);
    }

    /// <summary>Judges the name of a role, before there is a message to send in it.</summary>
    /// <exception cref="ArgumentException">It cannot be any role; says what one looks like.</exception>
    public static void CheckRole(string role) => Check(role, WrapRules.Role, nameof(role));

    internal static bool IsWrapping(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("{\"type\":\""u8))
        {
            return false;
        }

        Span<Range> values = stackalloc Range[WrapScan.MemberCount];
        var scan = new WrapScan(line, values);
        scan.Run();
        return scan.IsWrapping;
    }

    /// <summary>What is no JSON is no message either, and the codec knows the words for it.</summary>
    private static Unwrapped Malformed(ReadOnlySpan<byte> line) =>
        LineCodec.Decode(line).Error is { } error ? Unwrapped.Refused(error) : default;

    private static Unwrapped Read(ReadOnlyMemory<byte> line, in WrapScan scan)
    {
        var message = line[scan.ValueOf(WrapMember.Message)];
        var reader = new WrapReader(line.Span, scan);
        var fingerprint = reader.Required(WrapMember.AgentFingerprint, WrapRules.AgentFingerprint);
        var role = reader.Required(WrapMember.Role, WrapRules.Role);
        var timestamp = reader.Required(WrapMember.Timestamp, WrapRules.Timestamp);
        var nonce = reader.Required(WrapMember.Nonce, WrapRules.Nonce);
        var hmac = reader.Optional(WrapMember.Hmac, WrapRules.Hmac);
        reader.CheckMessage();
        if (reader.Fault is { } fault)
        {
            return Unwrapped.Refused(fault, RequestIdOf(message.Span));
        }

        _ = Rfc3339.TryParse(timestamp, out var time);
        return Unwrapped.Of(new WrappedLine(fingerprint, role, timestamp, time, AsciiText.Of(nonce), hmac is null ? null : AsciiText.Of(hmac), message));
    }

    internal static string? RequestIdOf(ReadOnlySpan<byte> message)
    {
        Span<char> typeBuffer = stackalloc char[LineScan.TypeBytesMax];
        Span<Range> keyBuffer = stackalloc Range[DuplicateKeys.PlainKeysMax];
        var scan = new LineScan(message, typeBuffer, keyBuffer);
        scan.Run();
        return LineCodec.RequestIdOf(scan);
    }

    private static void Check(string text, WrapRules rules, string parameter)
    {
        ArgumentNullException.ThrowIfNull(text, parameter);
        if (!rules.IsRight(text))
        {
            throw new ArgumentException($"The {rules.Name} is {Quote.Of(text)}; it must be {rules.Words}.", parameter);
        }
    }
}
