using System.Text;

namespace Hydravisor.Fuzz;

/// <summary>What mutation begins with: files of lines made by hand, and those that broke a promise once.</summary>
/// <remarks>In a file <c>␛HH</c> stands for a byte that an editor would not keep, and <c>␛HH*N</c> for as many of them.</remarks>
internal static class Corpus
{
    private const char Mark = '␛';

    /// <summary>Reads all of a directory, by name.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Read(string directory) =>
        [.. Directory.GetFiles(directory, "*.lines").Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), BytesOf(File.ReadAllText(file))))];

    /// <summary>The bytes of a text.</summary>
    public static byte[] BytesOf(string text)
    {
        var bytes = new List<byte>();
        var parts = text.Split(Mark);
        bytes.AddRange(Encoding.UTF8.GetBytes(parts[0]));
        foreach (var part in parts.Skip(1))
        {
            var value = Convert.ToByte(part[..2], 16);
            var rest = part[2..];
            var count = 1;
            if (rest is ['*', ..])
            {
                var digits = rest.AsSpan(1).IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : rest.Length - 1;
                count = int.Parse(rest.AsSpan(1, digits), System.Globalization.CultureInfo.InvariantCulture);
                rest = rest[(digits + 1)..];
            }

            bytes.AddRange(Enumerable.Repeat(value, count));
            bytes.AddRange(Encoding.UTF8.GetBytes(rest));
        }

        return [.. bytes];
    }

    /// <summary>The text of bytes.</summary>
    public static string TextOf(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var value in bytes)
        {
            _ = value is (>= 0x20 and < 0x7F) or (byte)'\n' ? text.Append((char)value) : text.Append(Mark).Append(value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
