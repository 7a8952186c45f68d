using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hydravisor.Protocol;

/// <summary>
/// The name of one VM for all time: <c>vm-</c> and 8 to 32 lowercase hexadecimal digits; new ones have 12.
/// A class, so that there is no unset value that looks like one. Immutable.
/// </summary>
public sealed record InstanceId
{
    private const string Prefix = "vm-";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>What is wrong with a text that is none, to be shown to the caller.</summary>
    public const string Form = "an instance id is \"vm-\" and 8 to 32 lowercase hexadecimal digits";

    private InstanceId(string value) => Value = value;

    /// <summary>The id as it stands on the wire, such as <c>vm-23ac1a9d</c>.</summary>
    public string Value { get; }

    /// <summary>Reads an id; <see langword="false"/> if the text is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out InstanceId? id)
    {
        id = text is not null && IsWellFormed(text) ? new InstanceId(text) : null;
        return id is not null;
    }

    /// <summary>Reads an id.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static InstanceId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var id) ? id : throw new FormatException($"{Quote.Of(text)}: {Form}.");
    }

    /// <summary>Whether the text is an instance id; makes nothing.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal)
        && text.Length - Prefix.Length is >= Limits.InstanceIdHexDigitsMin and <= Limits.InstanceIdHexDigitsMax
        && !text[Prefix.Length..].ContainsAnyExcept(HexDigits);

    /// <summary>
    /// The id that belongs to one create request: the first 48 bits of SHA-256 over agent LF request id LF attempt. The same
    /// request so finds the same VM on any node and after any crash, with no table of keys.
    /// </summary>
    /// <param name="agent">The agent's fingerprint or principal; holds no LF.</param>
    /// <param name="requestId">The <c>meta.request_id</c> of the create.</param>
    /// <param name="attempt">0, or one more for each id before it that another VM already has.</param>
    public static InstanceId FromKey(string agent, string requestId, int attempt)
    {
        ArgumentNullException.ThrowIfNull(agent);
        ArgumentNullException.ThrowIfNull(requestId);
        ArgumentOutOfRangeException.ThrowIfNegative(attempt);
        var key = string.Create(CultureInfo.InvariantCulture, $"{agent}\n{requestId}\n{attempt}");
        return FromBytes(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 6));
    }

    /// <summary>The id of six given bytes, which the caller took from its source of randomness.</summary>
    /// <exception cref="ArgumentException">Not six bytes.</exception>
    public static InstanceId FromBytes(ReadOnlySpan<byte> sixBytes) =>
        sixBytes.Length == Limits.InstanceIdHexDigitsNew / 2
            ? new InstanceId(Prefix + Convert.ToHexStringLower(sixBytes))
            : throw new ArgumentException($"An instance id is made of 6 bytes, not of {sixBytes.Length}.", nameof(sixBytes));

    /// <inheritdoc/>
    public override string ToString() => Value;
}
