using System.Text;
using System.Text.Json;

namespace Hydravisor.Protocol;

/// <summary>Reads the members of a wrapping one by one, and keeps the first thing that is wrong with them.</summary>
internal ref struct WrapReader
{
    /// <summary>An escaped character, <c>\u0061</c>.</summary>
    private const int EscapedBytes = 6;

    private readonly ReadOnlySpan<byte> _line;
    private readonly WrapScan _scan;

    public WrapReader(ReadOnlySpan<byte> line, WrapScan scan)
    {
        _line = line;
        _scan = scan;
        Fault = scan.Fault();
    }

    /// <summary>What is wrong and what would be right, in words for the caller; none while all is well.</summary>
    public string? Fault { get; private set; }

    /// <summary>A member that must be there; empty if it is not right.</summary>
    public string Required(WrapMember member, WrapRules rules)
    {
        if (Optional(member, rules) is { } text)
        {
            return text;
        }

        Fault ??= $"{rules.Name} is missing; it must be {rules.Words}";
        return "";
    }

    /// <summary>A member that may be absent; none if it is, or is not right.</summary>
    public string? Optional(WrapMember member, WrapRules rules)
    {
        var json = _line[_scan.ValueOf(member)];
        if (Fault is not null || json.IsEmpty)
        {
            return null;
        }

        if (json[0] != (byte)'"')
        {
            Fault = $"{rules.Name} is {JsonWords.Of(TokenOf(json))}; it must be {rules.Words}";
            return null;
        }

        // A long text is wrong unread: it would cost its size once more.
        if (json.Length - 2 > rules.CharsMax * EscapedBytes)
        {
            Fault = $"{rules.Name} is too long; it must be {rules.Words}";
            return null;
        }

        var text = Text(json);
        Fault = text is null ? $"{rules.Name} is no valid text; it must be {rules.Words}"
            : rules.IsRight(text) ? null
            : $"{rules.Name} is {Quote.Of(text)}; it must be {rules.Words}";
        return Fault is null ? text : null;
    }

    /// <summary>Judges the outside of the message.</summary>
    public void CheckMessage()
    {
        const string Right = "it must be an object, the message itself";
        var json = _line[_scan.ValueOf(WrapMember.Message)];
        Fault ??= json.IsEmpty ? $"message is missing; {Right}"
            : json[0] != (byte)'{' ? $"message is {JsonWords.Of(TokenOf(json))}; {Right}"
            : LineWrapping.IsWrapping(json) ? "message is itself a wrapped message; wrap a message once"
            : null;
    }

    private static JsonTokenType TokenOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        return reader.TokenType;
    }

    /// <summary>None for a lone surrogate, and for what is not UTF-8.</summary>
    private static string? Text(ReadOnlySpan<byte> json)
    {
        // As nearly all are: what is between the quotes is the text.
        if (json[^1] == (byte)'"' && Ascii.IsValid(json) && !json.Contains((byte)'\\'))
        {
            return Encoding.ASCII.GetString(json[1..^1]);
        }

        var reader = new Utf8JsonReader(json);
        try
        {
            reader.Read();
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
