using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Fuzz;

/// <summary>An agent that signs whatever it is given, and remembers what.</summary>
internal sealed class Signer(int seed)
{
    private readonly HashSet<string> _signed = new(StringComparer.Ordinal);

    /// <summary>Its key; another one for another seed.</summary>
    public byte[] Key { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(seed.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Forgets what it signed.</summary>
    public void Forget() => _signed.Clear();

    /// <summary>A wrapping of these bytes.</summary>
    public byte[] Wrap(byte[] message, Random chance)
    {
        var fingerprint = MessageSignature.FingerprintOf(Key);
        var role = chance.Next(2) == 0 ? "trusted" : "sandboxed";
        var time = DateTimeOffset.UtcNow.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var nonce = chance.NextInt64().ToString("x16", CultureInfo.InvariantCulture);
        var hmac = Convert.ToHexStringLower(MessageSignature.Compute(Key, fingerprint, role, time, nonce, message));
        _signed.Add(Content(role, time, nonce, message));
        var head = $$"""{"agent_fingerprint":"{{fingerprint}}","role":"{{role}}","timestamp":"{{time}}","nonce":"{{nonce}}","hmac":"{{hmac}}","message":""";
        return [.. Encoding.UTF8.GetBytes(head), .. message, (byte)'}'];
    }

    /// <summary>Whether it signed that.</summary>
    public bool HasSigned(WrappedLine line) => _signed.Contains(Content(line.Role, line.TimestampText, line.Nonce.ToString(), line.Message.Span));

    private static string Content(string role, string time, string nonce, ReadOnlySpan<byte> message) => $"{role} {time} {nonce} {Convert.ToHexString(message)}";
}
