using System.Text;
using System.Text.Json;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit;

/// <summary>One stored event as an auditor reads it.</summary>
/// <param name="Stream">Its stream.</param>
/// <param name="Sequence">Its number.</param>
/// <param name="Manifest">What it is.</param>
/// <param name="At">When it was decided; null where it is unreadable.</param>
/// <param name="Cause">Why it happened; null where it is unreadable.</param>
/// <param name="Problem">Why it is unreadable.</param>
/// <param name="Event">The event itself, as JSON; null where it is unreadable.</param>
internal sealed record AuditEntry(string Stream, long Sequence, string Manifest, DateTimeOffset? At, Cause? Cause, string? Problem, string? Event = null)
{
    /// <summary>Whether it is of a node's ledger.</summary>
    public bool IsOfLedger => Manifest.StartsWith("ledger.", StringComparison.Ordinal);

    /// <summary>Whether it is an event of that VM, or the ledger tells of it.</summary>
    public bool IsAbout(string instanceId)
    {
        if (!IsOfLedger)
        {
            return Stream.EndsWith($"|{instanceId}", StringComparison.Ordinal);
        }

        using var json = JsonDocument.Parse(Event ?? "{}");
        return json.RootElement.TryGetProperty("instance_id", out var id) && id.ValueKind == JsonValueKind.String && id.ValueEquals(instanceId);
    }

    /// <summary>Reads a row; one that is no stored event is an entry too, which says so.</summary>
    public static AuditEntry Of(in JournalRow row)
    {
        if (!Envelope.TryRead(row.Bytes, out var envelope, out var problem))
        {
            return new AuditEntry(row.Stream, row.Sequence, row.Manifest, null, null, problem);
        }

        try
        {
            var cause = JsonSerializer.Deserialize(envelope.Cause, CauseJson.Default.Cause);
            return new AuditEntry(row.Stream, row.Sequence, row.Manifest, envelope.At, cause, null, Encoding.UTF8.GetString(envelope.Event));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new AuditEntry(row.Stream, row.Sequence, row.Manifest, envelope.At, null, "its cause is none");
        }
    }
}
