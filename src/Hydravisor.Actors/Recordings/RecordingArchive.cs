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

    /// <summary>Bytes that the console showed since the beginning.</summary>
    public long OutputBytes => Last.End.Checkpoint.OutputBytes;

    /// <summary>Input events since the beginning.</summary>
    public long Inputs => Last.End.Checkpoint.Inputs;

    /// <summary>Places where the sources were lost before they were read; markers say where.</summary>
    public long Gaps => Last.End.Checkpoint.Gaps;

    /// <summary>The parts that were removed because of their age or the limit of the VM; also what somebody else removed.</summary>
    /// <param name="there">Those that are there, in order; at least one.</param>
    public static IReadOnlyList<int> Missing(IReadOnlyList<int> there) => [.. Enumerable.Range(1, there[^1]).Except(there)];
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

    /// <summary>The recording of a VM; null: there is none.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public ArchivedRecording? Find(InstanceId id) => Parts(Path.Combine(directory, id.Value)) is { Count: > 0 } parts ? new ArchivedRecording(id.Value, parts) : null;

    /// <summary>The recording of a VM, by its id or its name. Empty: there is none; several: the name had several VMs.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public IReadOnlyList<ArchivedRecording> Find(string vm) =>
        List() is var all && all.FirstOrDefault(recording => recording.InstanceId == vm) is { } one
            ? [one]
            : [.. all.Where(recording => recording.Title == vm)];

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

    /// <summary>Opens a part that may be written, or removed, meanwhile.</summary>
    public static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
}
