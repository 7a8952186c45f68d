using System.Text.Json;
using Hydravisor.Actors.Files;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit;

/// <summary>Heads of streams in a file that is kept where who can alter the journal cannot alter it: one JSON object, each stream with its number and hash.</summary>
internal static class HeadsFile
{
    private const string Form = "{\"STREAM\":{\"sequence\":NUMBER,\"hash\":\"SIXTY-FOUR HEXADECIMAL DIGITS\"}}";

    /// <summary>Reads it.</summary>
    /// <exception cref="JournalUnreadableException">It is not there, or holds something else.</exception>
    public static IReadOnlyDictionary<string, (long Sequence, string Hash)> Read(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return json.RootElement.EnumerateObject().ToDictionary(
                stream => stream.Name,
                stream => (stream.Value.GetProperty("sequence").GetInt64(), EventHash.Parse(stream.Value.GetProperty("hash").GetString() ?? "").Hex),
                StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalUnreadableException($"the heads {file} cannot be read: {e.Message}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw new JournalUnreadableException($"{file} holds no heads: {e.Message} It must be {Form}");
        }
    }

    /// <summary>Writes it; one that is there is replaced when the new one is whole.</summary>
    public static void Write(string file, IReadOnlyDictionary<string, (long Sequence, string Hash)> heads)
    {
        using var whole = new WholeFile(file);
        using (var json = new Utf8JsonWriter(whole.Stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            foreach (var (name, (sequence, hash)) in heads)
            {
                json.WriteStartObject(name);
                json.WriteNumber("sequence", sequence);
                json.WriteString("hash", hash);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        whole.Complete();
    }
}
