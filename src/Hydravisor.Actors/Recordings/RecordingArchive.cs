using System.Globalization;
using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Recordings;

/// <summary>One part as it lies on the disk.</summary>
/// <param name="Path">The file.</param>
/// <param name="Header">Its first line.</param>
/// <param name="End">Its last whole checkpoint.</param>
internal sealed record ArchivedPart(string Path, CastHeader Header, CastEnd End)
{
    /// <summary>Which part it is.</summary>
    public int Number => Header.Hydravisor!.Part;
}

/// <summary>One VM's recording as it lies on the disk.</summary>
/// <param name="InstanceId">The VM.</param>
/// <param name="Parts">What is there of it, at least one.</param>
internal sealed record ArchivedRecording(string InstanceId, IReadOnlyList<ArchivedPart> Parts)
{
    private CastOrigin First => Parts[0].Header.Hydravisor!;

    private ArchivedPart Last => Parts[^1];

    /// <summary>For a person: the VM's name.</summary>
    public string Title => Last.Header.Title ?? InstanceId;

    /// <summary>The node that wrote it last.</summary>
    public string Node => Last.Header.Hydravisor!.Node;

    /// <summary>When the recording began, also where its first parts are gone.</summary>
    public DateTimeOffset Started => First.Started;

    /// <summary>From its beginning to its last event.</summary>
    public TimeSpan Duration => TimeSpan.FromMicroseconds(Last.Header.Hydravisor!.OffsetMicros + Last.End.Micros);

    /// <summary>Bytes on the disk.</summary>
    public long Bytes => Parts.Sum(part => part.End.Length);

    /// <summary>Bytes that the console showed since the beginning.</summary>
    public long OutputBytes => Last.End.Checkpoint.OutputBytes;

    /// <summary>Input events since the beginning.</summary>
    public long Inputs => Last.End.Checkpoint.Inputs;

    /// <summary>Places where the sources were lost before they were read; markers say where.</summary>
    public long Gaps => Last.End.Checkpoint.Gaps;

    /// <summary>The parts that were removed because of their age or the limit of the VM; also what somebody else removed.</summary>
    public IReadOnlyList<int> Removed => [.. Enumerable.Range(1, Last.Number).Except(Parts.Select(part => part.Number))];
}

/// <summary>Reads the recordings in a directory, also while a node writes them. Blocks; safe for all threads.</summary>
/// <param name="directory">The directory of all recordings of a node.</param>
internal sealed class RecordingArchive(string directory)
{
    /// <summary>All recordings, by their VM's id.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public IReadOnlyList<ArchivedRecording> List() =>
        !Directory.Exists(directory)
            ? []
            : [.. Directory.EnumerateDirectories(directory)
                .Select(folder => Path.GetFileName(folder)!)
                .Where(name => InstanceId.IsWellFormed(name))
                .Order(StringComparer.Ordinal)
                .Select(id => new ArchivedRecording(id, Parts(Path.Combine(directory, id))))
                .Where(recording => recording.Parts.Count > 0)];

    /// <summary>The recording of a VM, by its id or its name. Empty: there is none; several: the name had several VMs.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public IReadOnlyList<ArchivedRecording> Find(string vm) =>
        List() is var all && all.FirstOrDefault(recording => recording.InstanceId == vm) is { } one
            ? [one]
            : [.. all.Where(recording => recording.Title == vm)];

    /// <summary>The lines of one asciicast file that holds these parts, with times that go on from part to part.</summary>
    /// <param name="parts">At least one.</param>
    /// <param name="withInput">Whether what was typed, and by whom, is in it.</param>
    public static IEnumerable<string> Export(IReadOnlyList<ArchivedPart> parts, bool withInput)
    {
        yield return Encoding.UTF8.GetString(parts[0].Header.ToLine());
        var size = (parts[0].Header.Width, parts[0].Header.Height);
        var first = parts[0].Header.Hydravisor!.OffsetMicros;
        foreach (var part in parts)
        {
            var offset = part.Header.Hydravisor!.OffsetMicros - first;
            if (size != (part.Header.Width, part.Header.Height))
            {
                size = (part.Header.Width, part.Header.Height);
                yield return string.Create(CultureInfo.InvariantCulture, $"[{offset / 1_000_000m}, \"r\", \"{size.Width}x{size.Height}\"]");
            }

            foreach (var line in Lines(part))
            {
                if (Exported(line, offset, withInput, ref size) is { } exported)
                {
                    yield return exported;
                }
            }
        }
    }

    /// <summary>What the terminal showed, and when, from the first of these parts on.</summary>
    public static IEnumerable<(TimeSpan At, string Text)> Output(IReadOnlyList<ArchivedPart> parts)
    {
        var first = parts[0].Header.Hydravisor!.OffsetMicros;
        foreach (var part in parts)
        {
            foreach (var bytes in Lines(part))
            {
                if (OutputOf(bytes) is { } output)
                {
                    yield return (TimeSpan.FromMicroseconds(part.Header.Hydravisor!.OffsetMicros - first + output.Micros), output.Text);
                }
            }
        }
    }

    private static string? Exported(byte[] bytes, long offset, bool withInput, ref (int Width, int Height) size)
    {
        if (!CastLine.TryRead(bytes, out var line))
        {
            return null;
        }

        if (line.Code == CastCode.Checkpoint)
        {
            size = CastCheckpoint.Parse(line.Text) is { } at ? (at.Cols, at.Rows) : size;
            return null;
        }

        return withInput || line.Code is not (CastCode.Input or CastCode.User)
            ? string.Create(CultureInfo.InvariantCulture, $"[{(offset + line.Micros) / 1_000_000m}, \"{line.Code}\", {Encoding.UTF8.GetString(line.Data)}]")
            : null;
    }

    private static (long Micros, string Text)? OutputOf(byte[] bytes) =>
        CastLine.TryRead(bytes, out var line) && line.Code == CastCode.Output ? (line.Micros, line.Text) : null;

    private static List<ArchivedPart> Parts(string folder)
    {
        var found = new List<ArchivedPart>();
        foreach (var part in RecordingFolder.Parts(folder))
        {
            try
            {
                using var file = Open(part.Path);
                if (CastPart.HeaderOf(file.SafeFileHandle) is { } header && CastPart.EndOf(file.SafeFileHandle) is { } end)
                {
                    found.Add(new ArchivedPart(part.Path, header, end));
                }
            }
            catch (FileNotFoundException)
            {
                // Its time was over just now.
            }
        }

        return found;
    }

    // What a node is writing now ends behind the last checkpoint that we saw.
    private static IEnumerable<byte[]> Lines(ArchivedPart part)
    {
        using var file = Open(part.Path);
        using var reader = new StreamReader(file, Encoding.UTF8);
        reader.ReadLine();
        for (long read = part.Header.ToLine().Length + 1; read < part.End.Length && reader.ReadLine() is { } line;)
        {
            var bytes = Encoding.UTF8.GetBytes(line);
            read += bytes.Length + 1;
            yield return bytes;
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}
