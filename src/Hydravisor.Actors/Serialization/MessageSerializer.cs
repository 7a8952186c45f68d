using System.Text.Json.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Serialization;

/// <summary>What sessions, hosts and VMs say to each other across nodes.</summary>
internal sealed class MessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>The words: a new message that can travel needs a row.</summary>
    public static Vocabulary Vocabulary { get; } = new(
        ("vm.ask.v1", MessageJson.Default.VmAsk),
        ("vm.query.v1", MessageJson.Default.VmQuery),
        ("vm.granted.v1", MessageJson.Default.Granted),
        ("vm.attached.v1", MessageJson.Default.Attached),
        ("vm.executed.v1", MessageJson.Default.Executed),
        ("vm.denied.v1", MessageJson.Default.Denied),
        ("host.create.v1", MessageJson.Default.CreateVm),
        ("host.list.v1", MessageJson.Default.ListVms),
        ("host.listed.v1", MessageJson.Default.VmsListed),
        ("host.follow.v1", MessageJson.Default.Follow),
        ("host.changed.v1", MessageJson.Default.VmChanged));

    /// <inheritdoc/>
    public override int Identifier => 7412;

    /// <inheritdoc/>
    public override string Manifest(object o) => Vocabulary.ManifestOf(o);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => VocabularyJson.Write(Vocabulary, obj);

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => VocabularyJson.Read(Vocabulary, manifest, bytes);
}

/// <summary>The remoted form of the messages.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(InstanceIdJson), typeof(VmScopeJson), typeof(AuthorisedJson<VmCommand>), typeof(AuthorisedJson<VmRequest>)])]
[JsonSerializable(typeof(VmAsk))]
[JsonSerializable(typeof(VmQuery))]
[JsonSerializable(typeof(VmReach))]
[JsonSerializable(typeof(VmCommand))]
[JsonSerializable(typeof(VmReply.Granted))]
[JsonSerializable(typeof(VmReply.Attached))]
[JsonSerializable(typeof(VmReply.Executed))]
[JsonSerializable(typeof(VmReply.Denied))]
[JsonSerializable(typeof(HostMessages.CreateVm))]
[JsonSerializable(typeof(HostMessages.ListVms))]
[JsonSerializable(typeof(HostMessages.VmsListed))]
[JsonSerializable(typeof(HostMessages.Follow))]
[JsonSerializable(typeof(HostMessages.VmChanged))]
internal sealed partial class MessageJson : JsonSerializerContext;
