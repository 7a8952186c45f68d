using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Hydravisor.Protocol;

/// <summary>
/// Times as RFC 3339 has them, and only those: the library's own readers also take dates without a time and times without an
/// offset, and refuse fractions finer than 100 ns.
/// </summary>
internal static class Rfc3339
{
    /// <summary>The length of <c>2026-01-01T00:00:00</c>.</summary>
    private const int SecondsChars = 19;

    /// <summary>The length of the library's own form, which has seven digits of a second.</summary>
    private const int RoundTripChars = 27;

    /// <summary>Reads a time; the result is in UTC, cut to 100 ns.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length <= SecondsChars || !TryReadSeconds(text[..SecondsChars], out var seconds))
        {
            return false;
        }

        var rest = text[SecondsChars..];
        if (!TryTakeFraction(ref rest, out var fraction) || !TryReadOffset(rest, out var offset))
        {
            return false;
        }

        var ticks = seconds.Ticks + fraction - offset;
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    /// <summary>Completes it to the one form that the library reads quickly: this is done for each signed message.</summary>
    private static bool TryReadSeconds(ReadOnlySpan<char> text, out DateTime seconds)
    {
        Span<byte> form = stackalloc byte[RoundTripChars];
        ".0000000"u8.CopyTo(form[SecondsChars..]);
        if (Ascii.FromUtf16(text, form, out _) != OperationStatus.Done)
        {
            seconds = default;
            return false;
        }

        form[10] = form[10] == (byte)'t' ? (byte)'T' : form[10];
        return Utf8Parser.TryParse(form, out seconds, out var read, 'O') && read == RoundTripChars;
    }

    private static bool TryTakeFraction(ref ReadOnlySpan<char> rest, out long ticks)
    {
        ticks = 0;
        if (rest[0] != '.')
        {
            return true;
        }

        var end = rest[1..].IndexOfAnyExceptInRange('0', '9');
        if (end <= 0)
        {
            return false; // no digit, or nothing after them
        }

        var unit = TimeSpan.TicksPerSecond;
        foreach (var digit in rest[1..(end + 1)])
        {
            unit /= 10;
            ticks += (digit - '0') * unit;
        }

        rest = rest[(end + 1)..];
        return true;
    }

    private static bool TryReadOffset(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text is "Z" or "z")
        {
            return true;
        }

        if (text.Length != 6
            || text[0] is not ('+' or '-')
            || text[3] != ':'
            || !int.TryParse(text[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !int.TryParse(text[4..], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
            || hours > 23
            || minutes > 59)
        {
            return false;
        }

        ticks = ((hours * TimeSpan.TicksPerHour) + (minutes * TimeSpan.TicksPerMinute)) * (text[0] == '-' ? -1 : 1);
        return true;
    }
}
