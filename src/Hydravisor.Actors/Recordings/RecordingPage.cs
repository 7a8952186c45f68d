using System.Globalization;

namespace Hydravisor.Actors.Recordings;

/// <summary>A place between two events of a recording, for who reads it piece by piece. Immutable.</summary>
/// <param name="Part">The part.</param>
/// <param name="Offset">Bytes of its file that were read; 0: none.</param>
/// <param name="BaseMicros">Microseconds of the recording before the one whose time is 0 for this reader.</param>
internal readonly record struct RecordingPlace(int Part, long Offset, long BaseMicros)
{
    /// <summary>The beginning of these parts.</summary>
    public static RecordingPlace BeginningOf(IReadOnlyList<ArchivedPart> parts) => new(parts[0].Number, 0, parts[0].Header.Hydravisor!.OffsetMicros);

    /// <summary>Reads the text; false: it is none that <see cref="ToString"/> made.</summary>
    public static bool TryParse(string text, out RecordingPlace place)
    {
        place = default;
        if (text.Split(':') is not [var part, var offset, var micros]
            || !int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            || !long.TryParse(micros, NumberStyles.None, CultureInfo.InvariantCulture, out var before))
        {
            return false;
        }

        place = new RecordingPlace(number, bytes, before);
        return true;
    }

    /// <summary>Its text, which says nothing to others.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Part}:{Offset}:{BaseMicros}");
}

/// <summary>What is wanted of a recording.</summary>
/// <param name="Part">Only this part; null: all.</param>
/// <param name="From">Where to go on; null: at the beginning.</param>
/// <param name="WithInput">Whether what was typed, and by whom, is wanted.</param>
/// <param name="EventsMax">Most events.</param>
/// <param name="BytesMax">Most bytes of them; one comes always.</param>
internal sealed record RecordingQuest(int? Part, RecordingPlace? From, bool WithInput, int EventsMax, int BytesMax);

/// <summary>A part as others are told of it.</summary>
internal sealed record RecordedPart(int Number, DateTimeOffset Started, long Bytes);

/// <summary>A piece of a recording, and what is there of it.</summary>
/// <param name="Title">The VM's name.</param>
/// <param name="Started">When it began.</param>
/// <param name="DurationMicros">Microseconds from there to its last event.</param>
/// <param name="OutputBytes">Bytes that the console showed.</param>
/// <param name="Inputs">Input events.</param>
/// <param name="Gaps">Places where something is missing.</param>
/// <param name="Parts">What is there.</param>
/// <param name="HeaderJson">The first line of a file that holds the events.</param>
/// <param name="EventsJson">The events, a JSON array.</param>
/// <param name="More">Whether there are more events now.</param>
/// <param name="Next">The text of the place at which to go on.</param>
internal sealed record RecordingPage(
    string Title, DateTimeOffset Started, long DurationMicros, long OutputBytes, long Inputs, long Gaps,
    IReadOnlyList<RecordedPart> Parts, byte[] HeaderJson, byte[] EventsJson, bool More, string Next);
