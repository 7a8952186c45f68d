using System.Buffers;

namespace Hydravisor.Protocol;

/// <summary>What the members of a wrapping must look like: the name, the test, and the test in words.</summary>
/// <param name="Name">The member's name on the line.</param>
/// <param name="CharsMax">No right value is longer.</param>
/// <param name="IsRight">Whether a text is a right value.</param>
/// <param name="Words">What is right, to be read after "must be".</param>
internal sealed record WrapRules(string Name, int CharsMax, Func<ReadOnlySpan<char>, bool> IsRight, string Words)
{
    public const int DigestHexDigits = 64;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    private static readonly SearchValues<char> AnyHex = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>No space and no control character: an LF in a value would let two different wrappings be signed alike.</summary>
    private static readonly SearchValues<char> Printable =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code)]);

    public static readonly WrapRules AgentFingerprint = new(
        "agent_fingerprint",
        DigestHexDigits,
        text => text.Length == DigestHexDigits && !text.ContainsAnyExcept(LowerHex),
        $"a string of {DigestHexDigits} lowercase hexadecimal digits, the SHA-256 of the agent's key");

    public static readonly WrapRules Role = new(
        "role",
        Limits.RoleCharsMax,
        text => text.Length is > 0 and <= Limits.RoleCharsMax && !text.ContainsAnyExcept(Printable),
        $"a string of 1 to {Limits.RoleCharsMax} printable ASCII characters without spaces, such as \"sandboxed\"");

    public static readonly WrapRules Timestamp = new(
        "timestamp",
        Limits.TimestampCharsMax,
        text => text.Length <= Limits.TimestampCharsMax && Rfc3339.TryParse(text, out _),
        "a string with an RFC 3339 time, such as \"2026-01-01T00:00:00Z\"");

    public static readonly WrapRules Nonce = new(
        "nonce",
        Limits.NonceCharsMax,
        text => text.Length is >= Limits.NonceCharsMin and <= Limits.NonceCharsMax && !text.ContainsAnyExcept(Printable),
        $"a string of {Limits.NonceCharsMin} to {Limits.NonceCharsMax} printable ASCII characters without spaces, a new one in each line");

    public static readonly WrapRules Hmac = new(
        "hmac",
        DigestHexDigits,
        text => text.Length == DigestHexDigits && !text.ContainsAnyExcept(AnyHex),
        $"a string of {DigestHexDigits} hexadecimal digits, the HMAC-SHA256 with the agent's key");
}
