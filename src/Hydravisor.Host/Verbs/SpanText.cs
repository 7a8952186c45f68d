using System.Globalization;
using System.Text.RegularExpressions;

namespace Hydravisor.Host.Verbs;

/// <summary>A time as a person types it: <c>90s</c>, <c>30m</c>, <c>24h</c>, <c>7d</c>, or <c>0</c>.</summary>
internal static partial class SpanText
{
    /// <summary>Reads it.</summary>
    /// <param name="option">The option that it was given to, for the message.</param>
    /// <param name="text">What was typed.</param>
    /// <param name="max">The most that it may be; in whole days.</param>
    /// <exception cref="VerbFailure">It is none, or too much.</exception>
    public static TimeSpan Parse(string option, string text, TimeSpan max)
    {
        if (text == "0")
        {
            return TimeSpan.Zero;
        }

        var match = Form().Match(text);
        if (match.Success)
        {
            var number = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            var span = match.Groups[2].Value switch
            {
                "m" => TimeSpan.FromMinutes(number),
                "h" => TimeSpan.FromHours(number),
                // Nine digits of days are more than a TimeSpan holds.
                "d" => TimeSpan.FromDays(Math.Min(number, max.Days + 1)),
                _ => TimeSpan.FromSeconds(number),
            };
            if (span <= max)
            {
                return span;
            }
        }

        throw new VerbFailure(
            $"{option} {TerminalText.Of(text)}: it must be a time such as 90s, 30m, 24h or 7d, or 0, and at most {max.Days}d", ExitCode.Usage);
    }

    [GeneratedRegex(@"\A([0-9]{1,9})([smhd])\z")]
    private static partial Regex Form();
}
