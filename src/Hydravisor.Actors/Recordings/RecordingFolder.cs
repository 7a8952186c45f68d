using System.Globalization;
using System.Text.RegularExpressions;

namespace Hydravisor.Actors.Recordings;

/// <summary>The name of one part's file.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Number">Which part it is; the first is 1.</param>
internal sealed record PartFile(string Path, int Number);

/// <summary>The files of one VM's recording: <c>20260101T000000Z-1.cast</c> and so on. Safe for all threads.</summary>
internal static partial class RecordingFolder
{
    /// <summary>The name of the directory of all recordings in a node's data directory.</summary>
    public const string Name = "recordings";

    /// <summary>The parts that are there, from the first to the last.</summary>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static IReadOnlyList<PartFile> Parts(string directory) =>
        !Directory.Exists(directory)
            ? []
            : [.. Directory.EnumerateFiles(directory, "*.cast")
                .Select(path => (path, Match: PartName().Match(Path.GetFileName(path))))
                .Where(found => found.Match.Success)
                .Select(found => new PartFile(found.path, int.Parse(found.Match.Groups[1].Value, CultureInfo.InvariantCulture)))
                .OrderBy(part => part.Number)];

    /// <summary>Where a part goes.</summary>
    public static string PathOf(string directory, DateTimeOffset started, int number) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{started.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{number}.cast"));

    /// <summary>Removes parts over the limits, the oldest first. Their numbers stay free, so that what is left tells that they were there.</summary>
    /// <param name="directory">The VM's directory; it goes with its last part.</param>
    /// <param name="settings">The limits.</param>
    /// <param name="now">The time.</param>
    /// <param name="isWritten">Whether the last part is being written, and so stays.</param>
    /// <exception cref="IOException">One cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">One may not be removed.</exception>
    public static void Trim(string directory, RecordingSettings settings, DateTimeOffset now, bool isWritten)
    {
        var parts = Parts(directory).Select(part => new FileInfo(part.Path)).ToList();
        var total = parts.Sum(part => part.Length);
        foreach (var part in isWritten ? parts.SkipLast(1) : parts)
        {
            if (total <= settings.BytesMaxPerVm && now - new DateTimeOffset(part.LastWriteTimeUtc) <= settings.AgeMax)
            {
                return;
            }

            total -= part.Length;
            part.Delete();
        }

        if (!isWritten && Directory.Exists(directory) && !Directory.EnumerateFileSystemEntries(directory).Any())
        {
            Directory.Delete(directory);
        }
    }

    [GeneratedRegex(@"^\d{8}T\d{6}Z-(\d{1,9})\.cast$")]
    private static partial Regex PartName();
}
