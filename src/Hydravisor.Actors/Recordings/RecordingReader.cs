using System.Buffers;
using System.Globalization;
using System.Text;
using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Recordings;

/// <summary>Reads what parts hold, as the lines of one asciicast file whose times go on from part to part. Blocks; safe for all threads.</summary>
internal static class RecordingReader
{
    private const int ChunkBytes = 64 * 1024;

    /// <summary>Reads a piece.</summary>
    /// <param name="recording">Of what.</param>
    /// <param name="quest">Which.</param>
    /// <returns>Failed: there is no such part.</returns>
    /// <exception cref="IOException">A file cannot be read, or is over its time since it was looked for.</exception>
    public static Outcome<RecordingPage> Page(ArchivedRecording recording, RecordingQuest quest)
    {
        var parts = quest.Part is { } only ? [.. recording.Parts.Where(part => part.Number == only)] : recording.Parts;
        if (parts.Count == 0)
        {
            return Outcome<RecordingPage>.Failed(NoSuchPart(recording, quest.Part!.Value));
        }

        var (events, count, next, more) = (new ArrayBufferWriter<byte>(), 0, quest.From ?? RecordingPlace.BeginningOf(parts), false);
        events.Write("["u8);
        foreach (var (behind, line) in Events(parts, next, quest.WithInput))
        {
            if (line is not null)
            {
                var bytes = Encoding.UTF8.GetBytes(line);
                if (count == quest.EventsMax || (count > 0 && events.WrittenCount + bytes.Length > quest.BytesMax))
                {
                    more = true;
                    break;
                }

                events.Write(count > 0 ? ","u8 : default);
                events.Write(bytes);
                count++;
            }

            next = behind;
        }

        events.Write("]"u8);
        return Outcome<RecordingPage>.Done(new RecordingPage(
            recording.Title, recording.Started, (long)recording.Duration.TotalMicroseconds, recording.OutputBytes, recording.Inputs, recording.Gaps,
            [.. recording.Parts.Select(part => new RecordedPart(part.Number, part.Header.Hydravisor!.PartStarted, part.End.Length))],
            parts[0].Header.ToLine(), events.WrittenSpan.ToArray(), more, next.ToString()));
    }

    /// <summary>For a person: a part is not there.</summary>
    public static string NoSuchPart(ArchivedRecording recording, int number) => string.Create(
        CultureInfo.InvariantCulture, $"the recording of {recording.InstanceId} has no part {number}; it has {string.Join(", ", recording.Parts.Select(part => part.Number))}");

    /// <summary>The lines of one asciicast file that holds these parts.</summary>
    /// <param name="parts">At least one.</param>
    /// <param name="withInput">Whether what was typed, and by whom, is in it.</param>
    public static IEnumerable<string> Export(IReadOnlyList<ArchivedPart> parts, bool withInput) =>
        Events(parts, RecordingPlace.BeginningOf(parts), withInput).Select(each => each.Line).OfType<string>().Prepend(Encoding.UTF8.GetString(parts[0].Header.ToLine()));

    /// <summary>The events behind a place, each with the place behind it. Null: nothing for others stands there.</summary>
    private static IEnumerable<(RecordingPlace Behind, string? Line)> Events(IReadOnlyList<ArchivedPart> parts, RecordingPlace place, bool withInput)
    {
        for (var at = 0; at < parts.Count; at++)
        {
            var (part, before) = (parts[at], at > 0 ? parts[at - 1].End.Checkpoint : null);
            if (part.Number < place.Part)
            {
                continue;
            }

            var (begin, offset) = (part.Number == place.Part ? place.Offset : 0, part.Header.Hydravisor!.OffsetMicros - place.BaseMicros);
            if (part.Number != place.Part && (before?.Cols, before?.Rows) != (part.Header.Width, part.Header.Height))
            {
                yield return (place with { Part = part.Number, Offset = 0 }, Line(offset, CastCode.Resize, $"\"{part.Header.Width}x{part.Header.Height}\""));
            }

            foreach (var (end, bytes) in Lines(part, begin))
            {
                yield return (place with { Part = part.Number, Offset = end }, Told(bytes, offset, withInput));
            }
        }
    }

    private static string? Told(byte[] bytes, long offset, bool withInput) =>
        CastLine.TryRead(bytes, out var line) && line.Code != CastCode.Checkpoint && (withInput || line.Code is not (CastCode.Input or CastCode.User))
            ? Line(offset + line.Micros, line.Code, Encoding.UTF8.GetString(line.Data))
            : null;

    private static string Line(long micros, char code, string data) => string.Create(CultureInfo.InvariantCulture, $"[{micros / 1_000_000m}, \"{code}\", {data}]");

    // What a node is writing now ends behind the last checkpoint that we saw. The header is no event.
    private static IEnumerable<(long End, byte[] Line)> Lines(ArchivedPart part, long begin)
    {
        using var file = RecordingArchive.Open(part.Path);
        var at = begin == 0 ? part.Header.ToLine().Length + 1 : begin;
        file.Seek(at, SeekOrigin.Begin);
        var (buffer, start, filled) = (new byte[ChunkBytes], 0, 0);
        while (at < part.End.Length)
        {
            var length = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                at += length + 1;
                yield return (at, buffer[start..(start + length)]);
                start += length + 1;
                continue;
            }

            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            (start, filled) = (0, filled - start);
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * buffer.Length);
            }

            var read = file.Read(buffer, filled, buffer.Length - filled);
            if (read == 0)
            {
                yield break;
            }

            filled += read;
        }
    }
}
