using System.Text;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>Looks for keys wherever somebody but their owner could read them, in each form that a program would write them in.</summary>
internal sealed class SecretSearch(params IEnumerable<byte[]> keys)
{
    private readonly IReadOnlyList<byte[]> _forms = [.. keys.SelectMany(FormsOf)];

    /// <summary>Whether one of them is in these bytes.</summary>
    public bool IsIn(ReadOnlySpan<byte> bytes)
    {
        foreach (var form in _forms)
        {
            if (bytes.IndexOf(form) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether one of them is in this text.</summary>
    public bool IsIn(string text) => IsIn(Encoding.UTF8.GetBytes(text));

    /// <summary>The files below a directory that bear one of them.</summary>
    public IReadOnlyList<string> FilesIn(string directory) =>
        [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Where(file => IsIn(BytesOf(file))).Select(file => Path.GetRelativePath(directory, file)).Order(StringComparer.Ordinal)];

    /// <summary>The processes of this machine that bear one of them in their command line or environment, where everybody, or their own user, reads it.</summary>
    public IReadOnlyList<string> Processes() =>
        [.. Directory.EnumerateDirectories("/proc")
            .Where(process => Path.GetFileName(process).All(char.IsAsciiDigit))
            .SelectMany(process => new[] { Path.Combine(process, "cmdline"), Path.Combine(process, "environ") })
            .Where(file => IsIn(BytesOf(file)))];

    private static IEnumerable<byte[]> FormsOf(byte[] key) =>
    [
        key,
        .. new[]
        {
            Convert.ToBase64String(key).TrimEnd('='),
            Convert.ToBase64String(key).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
            Convert.ToBase64String(key).TrimEnd('=').Replace("+", "\\u002B", StringComparison.Ordinal),
            Convert.ToHexStringLower(key),
            Convert.ToHexString(key),
            string.Join(',', key),
        }.Select(Encoding.UTF8.GetBytes),
    ];

    // Another process may be gone, or another user's; sockets and what vanished are nobody's to read.
    private static byte[] BytesOf(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            return bytes.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
