using System.Runtime.Serialization;
using System.Text.Json;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Serialization;

/// <summary>Values of a vocabulary as JSON.</summary>
internal static class VocabularyJson
{
    /// <summary>Writes a value.</summary>
    public static byte[] Write(Vocabulary vocabulary, object value) =>
        JsonSerializer.SerializeToUtf8Bytes(value, vocabulary.Find(vocabulary.ManifestOf(value))!);

    /// <summary>Reads a value back.</summary>
    /// <exception cref="SerializationException">The manifest is not known, or the bytes are not of it.</exception>
    public static object Read(Vocabulary vocabulary, string manifest, byte[] bytes)
    {
        var type = vocabulary.Find(manifest) ?? throw new SerializationException($"'{manifest}' is no manifest that this version knows.");
        return JsonSerializer.Deserialize(bytes, type) ?? throw new SerializationException($"A '{manifest}' is null.");
    }
}
