using System.Text;

namespace Hydravisor.Protocol;

/// <summary>The peer's own text inside our messages: short, on one line, without control characters.</summary>
internal static class Quote
{
    public static string Of(ReadOnlySpan<char> text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        var shown = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown + rune.Utf16SequenceLength > Limits.QuotedCharsMax)
            {
                return quoted.Append("…\"").ToString();
            }

            shown += rune.Utf16SequenceLength;
            quoted.Append(Rune.IsControl(rune) ? "\uFFFD" : rune.ToString());
        }

        return quoted.Append('"').ToString();
    }
}
