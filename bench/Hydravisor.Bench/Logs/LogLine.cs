using System.Globalization;
using System.Text;

namespace Hydravisor.Bench.Logs;

/// <summary>The line that is said, on both sides: 100 bytes of text that need no escape, with one mark that stands nowhere else on the wire.</summary>
internal static class LogLine
{
    /// <summary>Its length in bytes, without what ends it.</summary>
    public const int Length = 100;

    /// <summary>Stands once in each line, and in nothing that either side puts around it: counting marks counts lines.</summary>
    public const byte Mark = (byte)'~';

    /// <summary>The line with a number, from 0 to 999,999,999.</summary>
    public static string Of(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:D9} ").PadRight(Length - 1, 'x') + (char)Mark;

    /// <summary>The number of the last whole line in what came; null where there is none.</summary>
    public static int? LastNumber(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.LastIndexOf(Mark);
        return end >= Length - 1 ? int.Parse(bytes.Slice(end - Length + 1, 9), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Bytes of a text.</summary>
    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
