using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Hydravisor.Protocol;

/// <summary>
/// How a wrapped message is signed: HMAC-SHA256 with the agent's key over
/// <c>fingerprint LF role LF timestamp LF nonce LF</c> and the bytes of the message as they stand on the line. Pure and
/// thread-safe.
/// </summary>
public static class MessageSignature
{
    private const int SmallBytesMax = 1024;

    /// <summary>The name of a key: SHA-256 in 64 lowercase hexadecimal digits.</summary>
    public static string FingerprintOf(ReadOnlySpan<byte> key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, digest);
        return Convert.ToHexStringLower(digest);
    }

    /// <summary>The 32 bytes of the signature. The four texts hold no LF in any well-formed wrapping.</summary>
    public static byte[] Compute(
        ReadOnlySpan<byte> key, string fingerprint, string role, string timestamp, string nonce, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(fingerprint);
        ArgumentNullException.ThrowIfNull(role);
        ArgumentNullException.ThrowIfNull(timestamp);
        ArgumentNullException.ThrowIfNull(nonce);
        var signature = new byte[HMACSHA256.HashSizeInBytes];
        Compute(null, key, [fingerprint, role, timestamp], Encoding.UTF8.GetBytes(nonce), message, signature);
        return signature;
    }

    /// <summary>
    /// Whether the key signed the line; <see langword="false"/> if the line has no signature. Takes the same time wherever the
    /// two signatures differ.
    /// </summary>
    public static bool Verify(ReadOnlySpan<byte> key, WrappedLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (!TryRead(line, given))
        {
            return false;
        }

        Span<byte> right = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Compute(null, key, [line.AgentFingerprint, line.Role, line.TimestampText], line.Nonce.Bytes.Span, line.Message.Span, right);
        return CryptographicOperations.FixedTimeEquals(given, right);
    }

    /// <summary>The same, by what was made with the key before.</summary>
    /// <param name="hmac">HMAC-SHA256 with the agent's key.</param>
    /// <param name="line">The line.</param>
    public static bool Verify(IKeyedHmac hmac, WrappedLine line)
    {
        ArgumentNullException.ThrowIfNull(hmac);
        ArgumentNullException.ThrowIfNull(line);
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (!TryRead(line, given))
        {
            return false;
        }

        Span<byte> right = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Compute(hmac, [], [line.AgentFingerprint, line.Role, line.TimestampText], line.Nonce.Bytes.Span, line.Message.Span, right);
        return CryptographicOperations.FixedTimeEquals(given, right);
    }

    private static bool TryRead(WrappedLine line, Span<byte> signature) =>
        line.Hmac is { Bytes: { Length: WrapRules.DigestHexDigits } hex } && Convert.FromHexString(hex.Span, signature, out _, out _) == OperationStatus.Done;

    /// <summary>One copy into one piece: the hash of a piece needs no object, that of several needs one each time.</summary>
    private static void Compute(
        IKeyedHmac? hmac, ReadOnlySpan<byte> key, ReadOnlySpan<string> head, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        var length = nonce.Length + 1 + message.Length;
        foreach (var text in head)
        {
            length += Encoding.UTF8.GetByteCount(text) + 1;
        }

        var rented = length > SmallBytesMax ? ArrayPool<byte>.Shared.Rent(length) : null;
        var signed = rented is null ? stackalloc byte[SmallBytesMax] : rented;
        var at = 0;
        foreach (var text in head)
        {
            at += Encoding.UTF8.GetBytes(text, signed[at..]);
            signed[at++] = (byte)'\n';
        }

        nonce.CopyTo(signed[at..]);
        at += nonce.Length;
        signed[at++] = (byte)'\n';
        message.CopyTo(signed[at..]);
        if (hmac is null)
        {
            HMACSHA256.HashData(key, signed[..length], signature);
        }
        else
        {
            hmac.Compute(signed[..length], signature);
        }

        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
