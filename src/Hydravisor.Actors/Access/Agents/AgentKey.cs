using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hydravisor.Actors.Access.Signing;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access.Agents;

/// <summary>What shows who an agent is: a secret that it and the node share, or a certificate whose private key only the agent has. Immutable.</summary>
internal sealed record AgentKey
{
    /// <summary>How long a secret is.</summary>
    public const int Bytes = 32;

    /// <summary>Made once for the key and not once for each message; as many as messages are looked at at once. Shared with copies of other times.</summary>
    private readonly ConcurrentBag<IKeyedHmac> _hmacs = [];

    private readonly byte[] _key;
    private readonly byte[] _certificate;

    private AgentKey(byte[] key, byte[] certificate, DateTimeOffset createdAt, DateTimeOffset? expiresAt)
    {
        (_key, _certificate) = (key, certificate);
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(IsCertificate ? certificate : key));
        CreatedAt = createdAt;
        ExpiresAt = expiresAt;
    }

    /// <summary>SHA-256 of the secret, or of the certificate's DER: 64 lower hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <summary>The secret; empty for a certificate: with that nothing may be signed or judged. A span, so that no log, serializer or field of
    /// another can take it along unnoticed.</summary>
    public ReadOnlySpan<byte> Key => _key;

    /// <summary>The certificate's DER; empty for a secret.</summary>
    public ReadOnlySpan<byte> Certificate => _certificate;

    /// <summary>Whether it is a certificate: then it signs no message, and holds for the connections that are made with it.</summary>
    public bool IsCertificate => _certificate.Length > 0;

    /// <summary>When it was made, or became known here.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>From when on it is worth nothing; null: it does not end by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; private init; }

    /// <summary>A new secret, of the system's random bytes.</summary>
    public static AgentKey New(DateTimeOffset now) => new(RandomNumberGenerator.GetBytes(Bytes), [], now, null);

    /// <summary>A secret that there is already.</summary>
    /// <exception cref="AgentException">It has another length.</exception>
    public static AgentKey Of(ReadOnlySpan<byte> key, DateTimeOffset createdAt, DateTimeOffset? expiresAt = null) =>
        key.Length == Bytes
            ? new AgentKey(key.ToArray(), [], createdAt, expiresAt)
            : throw new AgentException($"a key of {key.Length} bytes: it must have {Bytes}");

    /// <summary>A certificate. It ends when it says so itself, or sooner.</summary>
    /// <exception cref="AgentException">It is none.</exception>
    public static AgentKey OfCertificate(ReadOnlySpan<byte> der, DateTimeOffset createdAt, DateTimeOffset? expiresAt = null)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            return new AgentKey([], certificate.RawData, createdAt, certificate.NotAfter.ToUniversalTime()).EndingBy(expiresAt ?? DateTimeOffset.MaxValue);
        }
        catch (CryptographicException)
        {
            throw new AgentException("a certificate is no X.509 certificate in DER");
        }
    }

    /// <summary>Whether the key signed the line: a certificate signs none. Takes the same time wherever the two signatures differ.</summary>
    public bool HasSigned(WrappedLine line)
    {
        if (IsCertificate)
        {
            // Its secret is empty, and what is signed with that everybody can sign.
            return false;
        }

        if (!_hmacs.TryTake(out var hmac))
        {
            hmac = KeyedHmac.Of(_key);
        }

        var signed = MessageSignature.Verify(hmac, line);
        _hmacs.Add(hmac);
        return signed;
    }

    /// <summary>Whether it is worth something at that time.</summary>
    public bool IsValid(DateTimeOffset now) => ExpiresAt is not { } end || now < end;

    /// <summary>The same key, which ends then, or sooner where it was to end sooner.</summary>
    public AgentKey EndingBy(DateTimeOffset end) => this with { ExpiresAt = ExpiresAt is { } own && own < end ? own : end };

    /// <inheritdoc/>
    public bool Equals(AgentKey? other) =>
        other is not null && Fingerprint == other.Fingerprint && CreatedAt == other.CreatedAt && ExpiresAt == other.ExpiresAt;

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Fingerprint);

    /// <summary>Its fingerprint; never the secret.</summary>
    public override string ToString() => $"{(IsCertificate ? "certificate" : "key")} {Fingerprint}";
}
