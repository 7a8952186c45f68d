using System.Text.Json.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Cluster.Reach;
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
        ("vm.elsewhere.v1", MessageJson.Default.Elsewhere),
        ("vm.expected.v1", MessageJson.Default.Expected),
        ("vm.landing.v1", MessageJson.Default.VmLanding),
        ("host.create.v1", MessageJson.Default.CreateVm),
        ("host.list.v1", MessageJson.Default.ListVms),
        ("host.listed.v1", MessageJson.Default.VmsListed),
        ("host.follow.v1", MessageJson.Default.Follow),
        ("host.changed.v1", MessageJson.Default.VmChanged),
        ("host.query-node.v1", MessageJson.Default.QueryNode),
        ("host.node.v1", MessageJson.Default.NodeView),
        ("host.adopt-vm.v1", MessageJson.Default.AdoptVm),
        ("host.expect-vm.v1", MessageJson.Default.ExpectVm),
        ("host.expect-no-more.v1", MessageJson.Default.ExpectNoMore),
        ("host.look-for-released.v1", MessageJson.Default.LookForReleased),
        ("host.set-cordon.v1", MessageJson.Default.SetCordon),
        ("host.node-done.v1", MessageJson.Default.NodeDone),
        ("reach.open-log.v1", MessageJson.Default.OpenLog),
        ("reach.open-terminal.v1", MessageJson.Default.OpenTerminal),
        ("reach.open-disk.v1", MessageJson.Default.OpenDisk),
        ("reach.open-link.v1", MessageJson.Default.OpenLink),
        ("reach.opened.v1", MessageJson.Default.Opened),
        ("reach.taken.v1", MessageJson.Default.Taken),
        ("reach.over.v1", MessageJson.Default.Over),
        ("reach.type-in.v1", MessageJson.Default.TypeIn),
        ("reach.resize.v1", MessageJson.Default.Resize),
        ("reach.done.v1", MessageJson.Default.Done),
        ("reach.leave.v1", MessageJson.Default.Leave),
        ("reach.query-log.v1", MessageJson.Default.QueryLog),
        ("reach.log-read.v1", MessageJson.Default.LogRead),
        ("reach.read-recording.v1", MessageJson.Default.ReadRecording),
        ("reach.recording-read.v1", MessageJson.Default.RecordingRead),
        (LinesManifest, MessageJson.Default.Lines));

    // Its bytes travel as they are, and not as base64 in JSON.
    private const string LinesManifest = "reach.lines.v1";

    /// <inheritdoc/>
    public override int Identifier => 7412;

    /// <inheritdoc/>
    public override string Manifest(object o) => Vocabulary.ManifestOf(o);

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => obj is ReachMessages.Lines lines ? lines.Bytes : VocabularyJson.Write(Vocabulary, obj);

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) =>
        manifest == LinesManifest ? new ReachMessages.Lines(bytes) : VocabularyJson.Read(Vocabulary, manifest, bytes);
}

/// <summary>The remoted form of the messages.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(InstanceIdJson), typeof(VmScopeJson), typeof(AuthorisedJson<VmCommand>), typeof(AuthorisedJson<VmRequest>), typeof(AuthorisedJson<CordonWish>)])]
[JsonSerializable(typeof(VmAsk))]
[JsonSerializable(typeof(VmQuery))]
[JsonSerializable(typeof(VmReach))]
[JsonSerializable(typeof(VmCommand))]
[JsonSerializable(typeof(VmReply.Granted))]
[JsonSerializable(typeof(VmReply.Attached))]
[JsonSerializable(typeof(VmReply.Executed))]
[JsonSerializable(typeof(VmReply.Denied))]
[JsonSerializable(typeof(VmReply.Elsewhere))]
[JsonSerializable(typeof(VmReply.Expected))]
[JsonSerializable(typeof(VmReply.Landing), TypeInfoPropertyName = "VmLanding")]
[JsonSerializable(typeof(HostMessages.QueryNode))]
[JsonSerializable(typeof(NodeView))]
[JsonSerializable(typeof(HostMessages.AdoptVm))]
[JsonSerializable(typeof(HostMessages.ExpectVm))]
[JsonSerializable(typeof(HostMessages.ExpectNoMore))]
[JsonSerializable(typeof(HostMessages.LookForReleased))]
[JsonSerializable(typeof(HostMessages.SetCordon))]
[JsonSerializable(typeof(HostMessages.NodeDone))]
[JsonSerializable(typeof(CordonWish))]
[JsonSerializable(typeof(HostMessages.CreateVm))]
[JsonSerializable(typeof(HostMessages.ListVms))]
[JsonSerializable(typeof(HostMessages.VmsListed))]
[JsonSerializable(typeof(HostMessages.Follow))]
[JsonSerializable(typeof(HostMessages.VmChanged))]
[JsonSerializable(typeof(ReachMessages.OpenLog))]
[JsonSerializable(typeof(ReachMessages.OpenTerminal))]
[JsonSerializable(typeof(ReachMessages.OpenDisk))]
[JsonSerializable(typeof(ReachMessages.OpenLink))]
[JsonSerializable(typeof(ReachMessages.Opened))]
[JsonSerializable(typeof(ReachMessages.Lines))]
[JsonSerializable(typeof(ReachMessages.Taken))]
[JsonSerializable(typeof(ReachMessages.Over))]
[JsonSerializable(typeof(ReachMessages.TypeIn))]
[JsonSerializable(typeof(ReachMessages.Resize))]
[JsonSerializable(typeof(ReachMessages.Done))]
[JsonSerializable(typeof(ReachMessages.Leave))]
[JsonSerializable(typeof(ReachMessages.QueryLog))]
[JsonSerializable(typeof(ReachMessages.LogRead))]
[JsonSerializable(typeof(ReachMessages.ReadRecording))]
[JsonSerializable(typeof(ReachMessages.RecordingRead))]
internal sealed partial class MessageJson : JsonSerializerContext;
