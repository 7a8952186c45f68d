using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>One stored event, read by the means of a stranger: nothing of the product's own code.</summary>
/// <param name="Stream">Its stream.</param>
/// <param name="Sequence">Its place in it.</param>
/// <param name="Manifest">What it is.</param>
/// <param name="Body">The event.</param>
/// <param name="Cause">Why it happened.</param>
internal sealed record JournalEvent(string Stream, long Sequence, string Manifest, JsonElement Body, JsonElement Cause);

/// <summary>Reads a journal and checks that its streams are whole and each event names its predecessor.</summary>
internal static class JournalAudit
{
    private static readonly string Start = new('0', 64);

    /// <summary>Checks the journal of a node.</summary>
    /// <returns>The events of each stream.</returns>
    public static IReadOnlyDictionary<string, IReadOnlyList<JournalEvent>> Verify(string data)
    {
        var streams = new Dictionary<string, List<JournalEvent>>();
        var heads = new Dictionary<string, string>();
        using var journal = new SqliteConnection($"Data Source={Path.Combine(data, "journal.db")};Pooling=False");
        journal.Open();
        using var select = journal.CreateCommand();
        select.CommandText = "select persistence_id, sequence_number, manifest, message, identifier from journal order by persistence_id, sequence_number";
        using var rows = select.ExecuteReader();
        while (rows.Read())
        {
            var (stream, sequence, manifest, stored) = (rows.GetString(0), rows.GetInt64(1), rows.GetString(2), (byte[])rows.GetValue(3));
            Assert.NotEqual(1, rows.GetInt64(4));
            if (!streams.TryGetValue(stream, out var events))
            {
                streams[stream] = events = [];
            }

            using var json = JsonDocument.Parse(stored);
            var root = json.RootElement;
            var place = $"{stream}, event {sequence}";
            Assert.True(sequence == events.Count + 1, $"{place}: {events.Count} events come before it.");
            Assert.True(root.Text("stream") == stream && root.Number("seq") == sequence, $"{place} says that it is {root.Text("stream")}, {root.Number("seq")}.");
            Assert.True(root.Text("prev") == heads.GetValueOrDefault(stream, Start), $"{place} does not name its predecessor.");
            heads[stream] = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(manifest + "\n"), .. stored]));
            events.Add(new JournalEvent(stream, sequence, manifest, root.GetProperty("event").Clone(), root.GetProperty("cause").Clone()));
        }

        return streams.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<JournalEvent>)pair.Value);
    }
}
