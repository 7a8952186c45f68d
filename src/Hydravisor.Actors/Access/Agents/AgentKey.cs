using System.Collections.Concurrent;
using System.Security.Cryptography;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access.Agents;

/// <summary>A secret that an agent and the node share. Immutable.</summary>
internal sealed record AgentKey
{
    /// <summary>How long a key is.</summary>
    public const int Bytes = 32;

    /// <summary>Made once for the key and not once for each message; as many as messages are looked at at once. Shared with copies of other times.</summary>
    private readonly ConcurrentBag<IncrementalHash> _hashes = [];

    private readonly byte[] _key;

    private AgentKey(byte[] key, DateTimeOffset createdAt, DateTimeOffset? expiresAt)
    {
        _key = key;
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(key));
        CreatedAt = createdAt;
        ExpiresAt = expiresAt;
    }

    /// <summary>SHA-256 of the key: 64 lower hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <summary>The key. A span, so that no log, serializer or field of another can take it along unnoticed.</summary>
    public ReadOnlySpan<byte> Key => _key;

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>From when on it is worth nothing; null: it does not end by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; private init; }

    /// <summary>A new one, of the system's random bytes.</summary>
    public static AgentKey New(DateTimeOffset now) => new(RandomNumberGenerator.GetBytes(Bytes), now, null);

    /// <summary>One that there is already.</summary>
    /// <exception cref="AgentException">It has another length.</exception>
    public static AgentKey Of(ReadOnlySpan<byte> key, DateTimeOffset createdAt, DateTimeOffset? expiresAt = null) =>
        key.Length == Bytes
            ? new AgentKey(key.ToArray(), createdAt, expiresAt)
            : throw new AgentException($"a key of {key.Length} bytes: it must have {Bytes}");

    /// <summary>Whether the key signed the line. Takes the same time wherever the two signatures differ.</summary>
    public bool HasSigned(WrappedLine line)
    {
        if (!_hashes.TryTake(out var hash))
        {
            hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        }

        var signed = MessageSignature.Verify(hash, line);
        _hashes.Add(hash);
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

    /// <summary>Its fingerprint; never the key.</summary>
    public override string ToString() => $"key {Fingerprint}";
}
