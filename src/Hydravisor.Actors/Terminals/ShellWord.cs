using System.Buffers;

namespace Hydravisor.Actors.Terminals;

/// <summary>Writes words so that a POSIX shell reads them as they are, for commands that people paste.</summary>
/// <remarks>Never for commands that we run: those get argument arrays.</remarks>
internal static class ShellWord
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+:,./-");

    /// <summary>The words as one command line.</summary>
    public static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <summary>One word: bare where it needs no quotes, else in single quotes.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && !word.AsSpan().ContainsAnyExcept(Plain) ? word : "'" + word.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
}
