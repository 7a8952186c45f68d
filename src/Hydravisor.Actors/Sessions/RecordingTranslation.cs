using System.Text.Json;
using Hydravisor.Actors.Recordings;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>Recordings on the wire: what is asked, and the answer. Pure.</summary>
internal static class RecordingTranslation
{
    /// <summary>What is wrong with a query; null where it can be carried out.</summary>
    public static (ErrorCode Code, string Message)? Wrong(RecordingQuery query) => query switch
    {
        { Part: < 1 or > int.MaxValue } => (ErrorCode.Impossible, $"part {query.Part} is not possible: parts count from 1"),
        { Limit: < 1 or > Limits.RecordingQueryEventsMax } =>
            (ErrorCode.Impossible, $"limit {query.Limit} is not possible: 1 to {Limits.RecordingQueryEventsMax} is"),
        { From: { } place } when !RecordingPlace.TryParse(place, out _) =>
            (ErrorCode.Impossible, "from must be what next was in the answer before; without it a reading begins at the beginning"),
        _ => null,
    };

    /// <summary>What a query that is not wrong asks for.</summary>
    public static RecordingQuest ToQuest(RecordingQuery query) => new(
        (int?)query.Part,
        query.From is { } text && RecordingPlace.TryParse(text, out var place) ? place : null,
        query.Input ?? true,
        (int)(query.Limit ?? Limits.RecordingQueryEventsMax),
        Limits.RecordingQueryBytesMax);

    /// <summary>A piece of a recording on the wire.</summary>
    /// <param name="asked">The request.</param>
    /// <param name="id">The VM.</param>
    /// <param name="node">The node that was asked for it: what it was called when it recorded is no name to ask by.</param>
    /// <param name="page">What was read.</param>
    public static RecordingReply ToAnswer(Pending asked, InstanceId id, string node, RecordingPage page)
    {
        using var header = JsonDocument.Parse(page.HeaderJson);
        return new RecordingReply
        {
            InstanceId = id.Value,
            Node = node,
            Name = page.Title,
            Started = page.Started,
            DurationS = page.DurationMicros / 1_000_000m,
            OutputBytes = page.OutputBytes,
            Inputs = page.Inputs,
            Gaps = page.Gaps,
            Parts = [.. page.Parts.Select(part => new RecordingPart(part.Number, part.Started, part.Bytes))],
            Header = header.RootElement.Clone(),
            Events = new RecordingEvents(page.EventsJson),
            More = page.More,
            Next = page.Next,
            Meta = ReplyMeta.For(asked.RequestId),
        };
    }
}
