using System.Text.Json.Serialization.Metadata;

namespace Hydravisor.Actors.Journal;

/// <summary>The words of one kind of message or event: which manifest stands for which type.</summary>
/// <remarks>
/// Manifests are short, versioned and never type names, so that a type may be renamed and an old form read for ever
/// (<c>vm.created.v1</c>). Immutable and safe for all threads.
/// </remarks>
internal sealed class Vocabulary
{
    private readonly Dictionary<string, JsonTypeInfo> _byManifest = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, string> _byType = [];

    /// <summary>Makes a vocabulary of manifests and types.</summary>
    public Vocabulary(params (string Manifest, JsonTypeInfo Type)[] words)
    {
        foreach (var (manifest, type) in words)
        {
            _byManifest.Add(manifest, type);
            _byType.Add(type.Type, manifest);
        }
    }

    /// <summary>All manifests with their types.</summary>
    public IReadOnlyDictionary<string, JsonTypeInfo> Words => _byManifest;

    /// <summary>The manifest of a value.</summary>
    /// <exception cref="InvalidOperationException">Its type is not in this vocabulary.</exception>
    public string ManifestOf(object value) =>
        _byType.TryGetValue(value.GetType(), out var manifest)
            ? manifest
            : throw new InvalidOperationException($"{value.GetType().Name} has no manifest: add it to its vocabulary.");

    /// <summary>The type that a manifest stands for, or null.</summary>
    public JsonTypeInfo? Find(string manifest) => _byManifest.GetValueOrDefault(manifest);
}
