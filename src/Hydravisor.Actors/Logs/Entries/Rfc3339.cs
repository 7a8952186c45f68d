namespace Hydravisor.Actors.Logs.Entries;

/// <summary>Points in time as RFC 3339 writes them.</summary>
internal static class Rfc3339
{
    private const int LengthMax = 40;

    /// <summary>Whether a text is a point in time. Leap seconds are.</summary>
    /// <param name="text">The bytes as they stand in the source; an escape in them is none.</param>
    public static bool Is(ReadOnlySpan<byte> text)
    {
        if (text.Length is < 20 or > LengthMax || text[4] != '-' || text[7] != '-' || (text[10] | 0x20) is not ('t' or ' ')
            || text[13] != ':' || text[16] != ':')
        {
            return false;
        }

        var (year, month, day) = (Number(text[..4]), Number(text[5..7]), Number(text[8..10]));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || Number(text[11..13]) is < 0 or > 23 || Number(text[14..16]) is < 0 or > 59 || Number(text[17..19]) is < 0 or > 60)
        {
            return false;
        }

        var rest = text[19..];
        if (rest[0] == '.')
        {
            var digits = rest[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits < 1)
            {
                return false;
            }

            rest = rest[(1 + digits)..];
        }

        return rest is [(byte)'Z' or (byte)'z']
            || (rest is [(byte)'+' or (byte)'-', _, _, (byte)':', _, _] && Number(rest[1..3]) is >= 0 and <= 23 && Number(rest[4..]) is >= 0 and <= 59);
    }

    private static int Number(ReadOnlySpan<byte> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return -1;
            }

            number = (number * 10) + digit - '0';
        }

        return number;
    }
}
