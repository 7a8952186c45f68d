using System.Globalization;
using System.Text;

namespace Hydravisor.Host.Verbs;

/// <summary>
/// Text of others (names, models, reasons, errors) on a person's terminal. Agents choose some of it: it must not move the
/// cursor, change colours or turn the reading direction.
/// </summary>
internal static class TerminalText
{
    /// <summary>The text on one line, without what a terminal would obey.</summary>
    public static string Of(string text)
    {
        if (!text.EnumerateRunes().Any(Obeyed))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            clean.Append(Obeyed(rune) ? Rune.ReplacementChar.ToString() : rune.ToString());
        }

        return clean.ToString();
    }

    private static bool Obeyed(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069);
}
