using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>The heads that moved since the checkpoint before it, signed by the node. Each names the one before it, so that the last vouches for the heads of all streams. Immutable.</summary>
/// <param name="Node">The node.</param>
/// <param name="Number">From 1, without holes.</param>
/// <param name="At">When it was made, as it is signed.</param>
/// <param name="Previous">The digest of the one before it; of the first sixty-four zeros.</param>
/// <param name="Through">The place in the table of the last event that it covers.</param>
/// <param name="Events">How many events are covered by it and all before it.</param>
/// <param name="Heads">The heads, by stream: <c>NUMBER:HASH</c>.</param>
/// <param name="Key">The fingerprint of the node's key.</param>
/// <param name="Signature">ECDSA with P-256 and SHA-256 over <see cref="Text"/>, as DER in base64.</param>
internal sealed record Checkpoint(
    string Node, long Number, string At, string Previous, long Through, long Events, IReadOnlyDictionary<string, string> Heads, string Key, string Signature)
{
    /// <summary>The manifest under which it is stored.</summary>
    public const string Manifest = "checkpoint.made.v1";

    /// <summary>How the streams of checkpoints are called, before the node's name.</summary>
    public const string StreamPrefix = "checkpoint|";

    /// <summary>The stored form.</summary>
    public static Vocabulary Vocabulary { get; } = new((Manifest, CheckpointJson.Default.Checkpoint));

    /// <summary>What is signed.</summary>
    [JsonIgnore]
    public string Text => CheckpointText.Of(Node, Number, At, Previous, Through, Events, CheckpointText.HeadsDigest(Heads), Key);

    /// <summary>SHA-256 of what is signed, a line feed, and the signature: what the next one names.</summary>
    [JsonIgnore]
    public string Digest => CheckpointText.Digest(Text, Signature);

    /// <summary>The persistence id of a node's checkpoints.</summary>
    public static string StreamOf(string node) => StreamPrefix + node;

    /// <summary>One head in its form.</summary>
    public static string Head(long sequence, string hash) => string.Create(CultureInfo.InvariantCulture, $"{sequence}:{hash}");

    /// <summary>Reads a head.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static (long Sequence, string Hash) ParseHead(string head)
    {
        var colon = head.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && long.TryParse(head.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? (sequence, EventHash.Parse(head[(colon + 1)..]).Hex)
            : throw new FormatException($"'{head}' is no head: NUMBER:HASH is.");
    }
}

/// <summary>The text of a checkpoint that is signed. Pure; any language can make it.</summary>
internal static class CheckpointText
{
    /// <summary>The text: lines of a name, a space and a value.</summary>
    public static string Of(string node, long number, string at, string previous, long through, long events, string headsDigest, string key) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"hydravisor-checkpoint.v1\nnode {node}\nnumber {number}\nat {at}\nprevious {previous}\nthrough {through}\nevents {events}\nheads {headsDigest}\nkey {key}\n");

    /// <summary>SHA-256 over a line for each head, in the order of their streams' characters: the stream, a space, the number, a colon, the hash.</summary>
    public static string HeadsDigest(IReadOnlyDictionary<string, string> heads)
    {
        var text = new StringBuilder();
        foreach (var (stream, head) in heads.OrderBy(head => head.Key, StringComparer.Ordinal))
        {
            text.Append(stream).Append(' ').Append(head).Append('\n');
        }

        return Hex(text.ToString());
    }

    /// <summary>What the next checkpoint names.</summary>
    public static string Digest(string text, string signature) => Hex(text + "\n" + signature);

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>Checkpoints up to some event of their stream.</summary>
internal sealed record CheckpointSnapshot(long Number, string Previous, long Through, long Events, string Head);

/// <summary>A checkpoint as a witness keeps it: all that is signed, without the heads themselves, whose digest vouches for those in the journal.</summary>
internal sealed record WitnessedCheckpoint(
    string Node, long Number, string At, string Previous, long Through, long Events, string HeadsDigest, string Key, string Signature)
{
    /// <summary>That of a checkpoint.</summary>
    public static WitnessedCheckpoint Of(Checkpoint made) => new(
        made.Node, made.Number, made.At, made.Previous, made.Through, made.Events, CheckpointText.HeadsDigest(made.Heads), made.Key, made.Signature);

    private static readonly CheckpointJson AsItStands = new(new JsonSerializerOptions(CheckpointJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>What is signed.</summary>
    [JsonIgnore]
    public string Text => CheckpointText.Of(Node, Number, At, Previous, Through, Events, HeadsDigest, Key);

    /// <summary>The line that the witness is told.</summary>
    [JsonIgnore]
    public string Line => JsonSerializer.Serialize(this, AsItStands.WitnessedCheckpoint);

    /// <summary>The digest of the checkpoint.</summary>
    [JsonIgnore]
    public string Digest => CheckpointText.Digest(Text, Signature);
}

/// <summary>The stored form of checkpoints, their snapshots, and what a witness keeps.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Checkpoint))]
[JsonSerializable(typeof(CheckpointSnapshot))]
[JsonSerializable(typeof(WitnessedCheckpoint))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
