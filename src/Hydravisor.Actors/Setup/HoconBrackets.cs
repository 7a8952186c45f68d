using System.Globalization;

namespace Hydravisor.Actors.Setup;

/// <summary>Finds the bracket or quote of a HOCON text that has no partner, which Akka's parser takes silently: it would read half a file.
/// Pure.</summary>
internal static class HoconBrackets
{
    private const string TripleQuote = "\"\"\"";

    /// <summary>What is wrong, with the lines; null where every bracket and quote has its partner.</summary>
    /// <param name="text">The text (github.com/lightbend/config/blob/main/HOCON.md).</param>
    public static string? Problem(ReadOnlySpan<char> text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        var line = 1;
        for (var at = 0; at < text.Length; at++)
        {
            var rest = text[at..];
            if (rest[0] == '#' || rest.StartsWith("//"))
            {
                at += Length(rest, '\n') - 1;
            }
            else if (rest[0] == '"')
            {
                if (QuotedLength(rest) is not { } quoted)
                {
                    return Text($"the quote that begins in line {line} has no end");
                }

                line += rest[..quoted].Count('\n');
                at += quoted - 1;
            }
            else if (rest[0] is '{' or '[')
            {
                open.Push((rest[0], line));
            }
            else if (rest[0] is '}' or ']')
            {
                if (!open.TryPop(out var partner))
                {
                    return Text($"the '{rest[0]}' of line {line} closes nothing");
                }

                if (partner.Bracket != (rest[0] == '}' ? '{' : '['))
                {
                    return Text($"the '{rest[0]}' of line {line} stands where the '{partner.Bracket}' of line {partner.Line} should be closed");
                }
            }
            else if (rest[0] == '\n')
            {
                line++;
            }
        }

        return open.TryPop(out var left) ? Text($"the '{left.Bracket}' of line {left.Line} is never closed") : null;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static int Length(ReadOnlySpan<char> rest, char upTo) => rest.IndexOf(upTo) is >= 0 and var length ? length : rest.Length;

    // With its quotes; null where it does not end. One quote must end in its line, three may go over many.
    private static int? QuotedLength(ReadOnlySpan<char> rest)
    {
        if (rest.StartsWith(TripleQuote))
        {
            var end = rest[TripleQuote.Length..].IndexOf(TripleQuote);
            return end < 0 ? null : end + (2 * TripleQuote.Length);
        }

        for (var at = 1; at < rest.Length && rest[at] != '\n'; at++)
        {
            if (rest[at] == '"')
            {
                return at + 1;
            }

            at += rest[at] == '\\' ? 1 : 0;
        }

        return null;
    }
}
