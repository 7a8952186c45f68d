using System.Globalization;
using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Recordings;

/// <summary>
/// How far the sources of a recording were read, as it stands in the last line of each append: what is above it in the file was made of what is before these
/// places, and nothing else was. Also the state that the next part begins with. Immutable.
/// </summary>
/// <param name="Console">The place in the console's file.</param>
/// <param name="Typed">The place in the file of what was typed.</param>
/// <param name="Cols">Width of the terminal now, in columns.</param>
/// <param name="Rows">Height of the terminal now, in rows.</param>
/// <param name="OutputBytes">Bytes of the console since the recording began.</param>
/// <param name="Inputs">Input events since the recording began.</param>
/// <param name="Gaps">Places since the recording began where something is missing and a marker says so.</param>
internal sealed record CastCheckpoint(TailPlace Console, TailPlace Typed, int Cols, int Rows, long OutputBytes, long Inputs, long Gaps)
{
    /// <summary>Its text: places as <c>inode,born,offset,fingerprint</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"console={Text(Console)} typed={Text(Typed)} size={Cols}x{Rows} output={OutputBytes} inputs={Inputs} gaps={Gaps}");

    /// <summary>Reads the text. Null: it is none.</summary>
    public static CastCheckpoint? Parse(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in text.Split(' '))
        {
            var at = field.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                return null;
            }

            fields[field[..at]] = field[(at + 1)..];
        }

        return Place(fields.GetValueOrDefault("console")) is { } console
            && Place(fields.GetValueOrDefault("typed")) is { } typed
            && TrySize(fields.GetValueOrDefault("size"), out var cols, out var rows)
            && long.TryParse(fields.GetValueOrDefault("output"), NumberStyles.None, CultureInfo.InvariantCulture, out var output)
            && long.TryParse(fields.GetValueOrDefault("inputs"), NumberStyles.None, CultureInfo.InvariantCulture, out var inputs)
            && long.TryParse(fields.GetValueOrDefault("gaps"), NumberStyles.None, CultureInfo.InvariantCulture, out var gaps)
            ? new CastCheckpoint(console, typed, cols, rows, output, inputs, gaps)
            : null;
    }

    private static string Text(TailPlace place) =>
        string.Create(CultureInfo.InvariantCulture, $"{place.Inode},{place.Born},{place.Offset},{place.Fingerprint:x}");

    private static TailPlace? Place(string? text) =>
        text?.Split(',') is [var inode, var born, var offset, var fingerprint]
        && ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && long.TryParse(born, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var time)
        && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
        && ulong.TryParse(fingerprint, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash)
            ? new TailPlace(number, time, bytes, hash)
            : null;

    private static bool TrySize(string? text, out int cols, out int rows)
    {
        (cols, rows) = (0, 0);
        return text?.Split('x') is [var width, var height]
            && int.TryParse(width, NumberStyles.None, CultureInfo.InvariantCulture, out cols)
            && int.TryParse(height, NumberStyles.None, CultureInfo.InvariantCulture, out rows);
    }
}
