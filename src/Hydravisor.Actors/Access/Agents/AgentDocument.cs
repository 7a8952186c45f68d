using System.Text.Json;

namespace Hydravisor.Actors.Access.Agents;

/// <summary><c>agents.json</c> as it stands on the disk.</summary>
internal sealed record AgentDocument(int Schema, IReadOnlyList<AgentDocument.Entry> Agents)
{
    private const int SchemaNow = 1;

    /// <summary>The bytes of a book.</summary>
    public static byte[] Write(AgentBook book)
    {
        var entries = book.Agents.Select(agent => new Entry(
            agent.Fingerprint,
            agent.Name,
            agent.Roles,
            [.. agent.Keys.Select(EntryOf)],
            agent.CreatedAt,
            agent.RevokedAt,
            agent.FrozenAt));
        return [.. JsonSerializer.SerializeToUtf8Bytes(new AgentDocument(SchemaNow, [.. entries]), AgentJson.Default.AgentDocument), (byte)'\n'];
    }

    /// <summary>The book of bytes.</summary>
    /// <exception cref="AgentException">They are damaged, or of another schema. The message goes on after the file's path, and bears no key.</exception>
    public static AgentBook Read(ReadOnlySpan<byte> bytes)
    {
        int schema;
        try
        {
            schema = (JsonSerializer.Deserialize(bytes, AgentJson.Default.AgentSchema) ?? throw new AgentException("it holds null")).Schema;
            if (schema == SchemaNow)
            {
                return AgentBook.Of(JsonSerializer.Deserialize(bytes, AgentJson.Default.AgentDocument)!.Agents.Select(AgentOf));
            }
        }
        catch (JsonException e)
        {
            // Its own words may quote what stands in the file.
            throw new AgentException(e.LineNumber is { } line
                ? $"is damaged at line {line + 1}, byte {e.BytePositionInLine + 1}"
                : "is damaged: something is missing in it, or stands there twice");
        }
        catch (AgentException e)
        {
            throw new AgentException($"is damaged: {e.Message}");
        }

        throw new AgentException($"is of schema {schema}, and this program knows {SchemaNow} only: use the version that wrote it, or a newer one");
    }

    // The annotations of the base library do not reach what stands in lists.
    private static Agent AgentOf(Entry? entry) =>
        entry is null || entry.Roles.Contains(null!) || entry.Keys.Contains(null!)
            ? throw new AgentException("an agent, a role or a key is null")
            : new Agent(entry.Fingerprint, entry.Name, entry.Roles, [.. entry.Keys.Select(KeyOf)], entry.CreatedAt, entry.RevokedAt, entry.FrozenAt);

    private static KeyEntry EntryOf(AgentKey key) => new(
        key.Fingerprint,
        key.IsCertificate ? null : key.Key.ToArray(),
        key.CreatedAt,
        key.ExpiresAt,
        key.IsCertificate ? key.Certificate.ToArray() : null);

    private static AgentKey KeyOf(KeyEntry entry)
    {
        var key = entry switch
        {
            { Key: { } secret, Certificate: null } => AgentKey.Of(secret, entry.CreatedAt, entry.ExpiresAt),
            { Key: null, Certificate: { } certificate } => AgentKey.OfCertificate(certificate, entry.CreatedAt, entry.ExpiresAt),
            _ => throw new AgentException("each of an agent's keys is either a key or a certificate"),
        };
        return key.Fingerprint == entry.Fingerprint
            ? key
            : throw new AgentException($"the key that is to have the fingerprint {key.Fingerprint} is listed under another one");
    }

    /// <summary>An agent. What was written before agents could be frozen does not say whether it is.</summary>
    internal sealed record Entry(
        string Fingerprint,
        string? Name,
        IReadOnlyList<string> Roles,
        IReadOnlyList<KeyEntry> Keys,
        DateTimeOffset CreatedAt,
        DateTimeOffset? RevokedAt,
        DateTimeOffset? FrozenAt = null);

    /// <summary>A key of it: a secret, or a certificate in DER.</summary>
    internal sealed record KeyEntry(string Fingerprint, byte[]? Key, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, byte[]? Certificate = null);
}
