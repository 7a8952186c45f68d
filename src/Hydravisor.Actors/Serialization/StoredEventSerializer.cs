using Akka.Actor;
using Akka.Serialization;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Serialization;

/// <summary>Events and snapshots as they stand in the journal: JSON, so that a person can read it with <c>sqlite3</c>.</summary>
internal sealed class StoredEventSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private static readonly Vocabulary[] Vocabularies = [VmEvents.Vocabulary, RegistryEvents.Vocabulary, LedgerEvents.Vocabulary, Checkpoint.Vocabulary];

    private static readonly Vocabulary Snapshots = new(
        ("vm.snapshot.v1", VmEventsJson.Default.VmSnapshot),
        ("registry.snapshot.v1", RegistryJson.Default.RegistrySnapshot),
        ("ledger.snapshot.v1", LedgerJson.Default.LedgerSnapshot),
        ("checkpoint.snapshot.v1", CheckpointJson.Default.CheckpointSnapshot));

    /// <summary>The serializer's number: above 40, which Akka keeps for itself.</summary>
    public const int Number = 7411;

    /// <inheritdoc/>
    public override int Identifier => Number;

    /// <summary>Whether a manifest is that of an event that this version can read.</summary>
    public static bool KnowsEvent(string manifest) => Array.Exists(Vocabularies, words => words.Find(manifest) is not null);

    /// <summary>Whether a manifest is that of a snapshot that this version can read.</summary>
    public static bool KnowsSnapshot(string manifest) => Snapshots.Find(manifest) is not null;

    /// <inheritdoc/>
    public override string Manifest(object o) => o is StoredEvent stored ? stored.Manifest : Snapshots.ManifestOf(o);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj is StoredEvent stored ? stored.Bytes : VocabularyJson.Write(Snapshots, obj);

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) =>
        Snapshots.Find(manifest) is not null
            ? VocabularyJson.Read(Snapshots, manifest, bytes)
            : StoredEvent.Open(Array.Find(Vocabularies, words => words.Find(manifest) is not null) ?? Vocabularies[0], manifest, bytes);
}
