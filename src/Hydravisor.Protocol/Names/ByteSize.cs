using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Hydravisor.Protocol;

/// <summary>
/// An amount of memory or disk, as agents write it: a whole number and a binary unit, <c>"4GB"</c>, <c>"512 MiB"</c>.
/// <c>KB</c> and <c>KiB</c> are both 1024 bytes, and so on up to <c>TB</c>; case does not matter.
/// </summary>
/// <param name="Bytes">The amount in bytes, 0 or more when parsed.</param>
public readonly record struct ByteSize(long Bytes)
{
    private const string Rule =
        "write a whole number and a unit, such as \"512MB\" or \"4GB\" (B, KB, MB, GB, TB; KiB and so on are the same)";

    private static readonly (string Name, int Shift)[] Units = [("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10), ("B", 0)];

    /// <summary>Reads an amount; <see langword="false"/> if the text is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ByteSize size) => TryParse(text, out size, out _);

    /// <summary>Reads an amount; <paramref name="error"/> says what was wrong and what would be right.</summary>
    public static bool TryParse(
        [NotNullWhen(true)] string? text, out ByteSize size, [NotNullWhen(false)] out string? error)
    {
        size = default;
        var rest = text.AsSpan().Trim(' ');
        var digits = rest.IndexOfAnyExceptInRange('0', '9');
        if (digits <= 0)
        {
            error = $"{Quote.Of(text)} is no size: {(digits < 0 && rest.Length > 0 ? "it has no unit; " : "")}{Rule}";
            return false;
        }

        if (ShiftOf(rest[digits..].TrimStart(' ')) is not { } shift)
        {
            error = $"{Quote.Of(text)} is no size; {Rule}";
            return false;
        }

        if (!long.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue >> shift)
        {
            error = $"{Quote.Of(text)} is more than any size can be (under 8388608TB)";
            return false;
        }

        size = new ByteSize(number << shift);
        error = null;
        return true;
    }

    /// <summary>Reads an amount.</summary>
    /// <exception cref="FormatException">The text is none; the message says what would be right.</exception>
    public static ByteSize Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var size, out var error) ? size : throw new FormatException(error);
    }

    /// <summary>The amount in the largest unit in which it is whole: <c>4GB</c>, <c>1536MB</c>.</summary>
    public override string ToString()
    {
        var bytes = Bytes;
        var (name, shift) = bytes == 0 ? ("B", 0) : Array.Find(Units, unit => bytes % (1L << unit.Shift) == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes >> shift}{name}");
    }

    private static int? ShiftOf(scoped ReadOnlySpan<char> unit)
    {
        Span<char> plain = stackalloc char[2];
        if (unit is [_, 'i' or 'I', _])
        {
            plain[0] = unit[0];
            plain[1] = unit[2];
            unit = plain;
        }

        foreach (var (name, shift) in Units)
        {
            if (unit.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return shift;
            }
        }

        return null;
    }
}
