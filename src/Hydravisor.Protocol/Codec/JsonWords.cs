using System.Globalization;
using System.Text.Json;

namespace Hydravisor.Protocol;

/// <summary>JSON in words, for people who must correct a line.</summary>
internal static class JsonWords
{
    public static string Of(JsonTokenType token) => token switch
    {
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        JsonTokenType.Null => "null",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        _ => "empty",
    };

    public static string Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => $"the string {Quote.Of(Text(value))}",
        JsonValueKind.Number => $"the number {Short(value.GetRawText())}",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        _ => "null",
    };

    /// <summary>Why a line is not JSON, by the reader's own reason, without its advice on reader options.</summary>
    public static string Malformed(ReadOnlySpan<byte> line, JsonException fault)
    {
        if (line.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            return "the line begins with a byte order mark; send UTF-8 without one";
        }

        // Most often somebody pasted pretty-printed JSON: its first line is "{".
        if (!line.IsEmpty && fault.BytePositionInLine == line.Length)
        {
            return "the line ends before its JSON object does; send the whole object on one line";
        }

        var reason = fault.Message.AsSpan();
        var end = reason.IndexOf(" LineNumber:", StringComparison.Ordinal);
        reason = end < 0 ? reason : reason[..end];
        end = reason.IndexOf(". ", StringComparison.Ordinal);
        reason = (end < 0 ? reason : reason[..end]).TrimEnd('.');
        return string.Create(
            CultureInfo.InvariantCulture,
            $"the line is not JSON, at byte {(fault.BytePositionInLine ?? 0) + 1}: {reason}; send one JSON object a line");
    }

    private static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    private static string Short(string number) =>
        number.Length <= Limits.QuotedCharsMax ? number : string.Concat(number.AsSpan(0, Limits.QuotedCharsMax), "…");
}
