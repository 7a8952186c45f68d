using System.Text.Json.Serialization;
using Hydravisor.Actors.Journal;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>What happened to a VM, in the past tense. Stored for ever: a changed field is a new version of its manifest.</summary>
internal interface IVmEvent;

/// <summary>What started a boot.</summary>
internal enum BootTrigger
{
    /// <summary>The VM was just created.</summary>
    Created,

    /// <summary>An agent started it.</summary>
    Started,

    /// <summary>An agent asked for a reboot, and it came.</summary>
    Rebooted,

    /// <summary>The guest rebooted by itself.</summary>
    Guest,

    /// <summary>Somebody started the domain outside of Hydravisor.</summary>
    Outside,

    /// <summary>It is started anew here, since the node that had it was lost.</summary>
    Adopted,

    /// <summary>It ran on the node that it was moved from.</summary>
    Moved,

    /// <summary>It was to be moved, ran before that, and stays.</summary>
    MoveEnded,
}

/// <summary>Where a stream ends: its last event, and so all before it.</summary>
/// <param name="Stream">The persistence id.</param>
/// <param name="Sequence">The number of the last event.</param>
/// <param name="Hash">Its <see cref="EventHash"/>.</param>
internal sealed record StreamHead(string Stream, long Sequence, string Hash);

/// <summary>The events of one VM.</summary>
internal static class VmEvents
{
    /// <summary>The manifest of <see cref="Adopted"/>, which the store judges by its own rule.</summary>
    public const string AdoptedManifest = "vm.adopted.v1";

    /// <summary>The manifest of <see cref="Released"/>, behind which the store lets in nothing of this node but <see cref="MoveEnded"/>.</summary>
    public const string ReleasedManifest = "vm.released.v1";

    /// <summary>The manifest of <see cref="MoveEnded"/>, which the store judges where the VM was released.</summary>
    public const string MoveEndedManifest = "vm.move-ended.v1";

    /// <summary>The request is durable; the disk and domain are to be made under <c>Operation</c>.</summary>
    public sealed record Created(
        InstanceId Id, string Node, string Owner, string? RequestId, string RequestDigest, VmSpec Spec, long Operation) : IVmEvent;

    /// <summary>Disk and domain are there.</summary>
    public sealed record Provisioned(long Operation) : IVmEvent;

    /// <summary>A boot began; the guest is not where it was. <c>Operation</c> 0: the domain runs already.</summary>
    public sealed record BootBegun(long Incarnation, BootTrigger Trigger, long Operation, long Run) : IVmEvent;

    /// <summary>The domain runs.</summary>
    public sealed record DomainStarted(long Operation, long Run) : IVmEvent;

    /// <summary>The guest showed life.</summary>
    public sealed record GuestReady(long Incarnation, string Sign) : IVmEvent;

    /// <summary>A suspension is to be carried out.</summary>
    public sealed record SuspendAccepted(long Operation) : IVmEvent;

    /// <summary>The processors stand still. <c>Operation</c> 0: somebody else did it.</summary>
    public sealed record Suspended(long Operation) : IVmEvent;

    /// <summary>A resumption is to be carried out.</summary>
    public sealed record ResumeAccepted(long Operation) : IVmEvent;

    /// <summary>The processors run on. <c>Operation</c> 0: somebody else did it.</summary>
    public sealed record Resumed(long Operation) : IVmEvent;

    /// <summary>A reboot is to be carried out.</summary>
    public sealed record RebootAccepted(long Operation) : IVmEvent;

    /// <summary>A stop is to be carried out; forced: without asking the guest.</summary>
    public sealed record StopAccepted(long Operation, bool Forced) : IVmEvent;

    /// <summary>The guest did not follow in time: the operation goes on by force.</summary>
    public sealed record Escalated(long Operation, string Reason) : IVmEvent;

    /// <summary>The domain is off.</summary>
    public sealed record Stopped(long Operation, string Reason) : IVmEvent;

    /// <summary>An operation that changed nothing failed; the VM is as before.</summary>
    public sealed record OperationFailed(long Operation, string Reason) : IVmEvent;

    /// <summary>The VM cannot go on.</summary>
    public sealed record Failed(string Reason) : IVmEvent;

    /// <summary>The VM is to be removed.</summary>
    public sealed record DeleteAccepted(long Operation) : IVmEvent;

    /// <summary>Domain, disk and session are gone.</summary>
    public sealed record Deleted(long Operation) : IVmEvent;

    /// <summary>The VM is this node's from here on, as it stood at the head of its stream on the node before; disk and domain are to be made under <c>Operation</c>.</summary>
    public sealed record Adopted(string Node, StreamHead From, VmState State, long Operation) : IVmEvent;

    /// <summary>The VM is to go to another node with its disk, once it is off; <c>Starts</c>: it ran, and runs there.</summary>
    public sealed record MoveBegun(string To, bool Starts) : IVmEvent;

    /// <summary>The VM is to go to another node as it runs, with its memory and its disk.</summary>
    public sealed record MigrationBegun(string To, long Operation) : IVmEvent;

    /// <summary>It came from another node as it ran, and stands still: it is to run on under <c>Operation</c>.</summary>
    public sealed record Landed(long Operation, long Run) : IVmEvent;

    /// <summary>It stays with this node.</summary>
    public sealed record MoveEnded(string Reason) : IVmEvent;

    /// <summary>The other node has the disk, and may go on with the VM from here: it is that node's to write.</summary>
    public sealed record Released(string To) : IVmEvent;

    /// <summary>The manifests of the events.</summary>
    public static Vocabulary Vocabulary { get; } = new(
        ("vm.created.v1", VmEventsJson.Default.Created),
        ("vm.provisioned.v1", VmEventsJson.Default.Provisioned),
        ("vm.boot-begun.v1", VmEventsJson.Default.BootBegun),
        ("vm.domain-started.v1", VmEventsJson.Default.DomainStarted),
        ("vm.guest-ready.v1", VmEventsJson.Default.GuestReady),
        ("vm.suspend-accepted.v1", VmEventsJson.Default.SuspendAccepted),
        ("vm.suspended.v1", VmEventsJson.Default.Suspended),
        ("vm.resume-accepted.v1", VmEventsJson.Default.ResumeAccepted),
        ("vm.resumed.v1", VmEventsJson.Default.Resumed),
        ("vm.reboot-accepted.v1", VmEventsJson.Default.RebootAccepted),
        ("vm.stop-accepted.v1", VmEventsJson.Default.StopAccepted),
        ("vm.escalated.v1", VmEventsJson.Default.Escalated),
        ("vm.stopped.v1", VmEventsJson.Default.Stopped),
        ("vm.operation-failed.v1", VmEventsJson.Default.OperationFailed),
        ("vm.failed.v1", VmEventsJson.Default.Failed),
        ("vm.delete-accepted.v1", VmEventsJson.Default.DeleteAccepted),
        ("vm.deleted.v1", VmEventsJson.Default.Deleted),
        (AdoptedManifest, VmEventsJson.Default.Adopted),
        ("vm.move-begun.v1", VmEventsJson.Default.MoveBegun),
        ("vm.migration-begun.v1", VmEventsJson.Default.MigrationBegun),
        ("vm.landed.v1", VmEventsJson.Default.Landed),
        (MoveEndedManifest, VmEventsJson.Default.MoveEnded),
        (ReleasedManifest, VmEventsJson.Default.Released));
}

/// <summary>The stored form of the events and of the snapshot.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(InstanceIdJson)])]
[JsonSerializable(typeof(VmEvents.Created))]
[JsonSerializable(typeof(VmEvents.Provisioned))]
[JsonSerializable(typeof(VmEvents.BootBegun))]
[JsonSerializable(typeof(VmEvents.DomainStarted))]
[JsonSerializable(typeof(VmEvents.GuestReady))]
[JsonSerializable(typeof(VmEvents.SuspendAccepted))]
[JsonSerializable(typeof(VmEvents.Suspended))]
[JsonSerializable(typeof(VmEvents.ResumeAccepted))]
[JsonSerializable(typeof(VmEvents.Resumed))]
[JsonSerializable(typeof(VmEvents.RebootAccepted))]
[JsonSerializable(typeof(VmEvents.StopAccepted))]
[JsonSerializable(typeof(VmEvents.Escalated))]
[JsonSerializable(typeof(VmEvents.Stopped))]
[JsonSerializable(typeof(VmEvents.OperationFailed))]
[JsonSerializable(typeof(VmEvents.Failed))]
[JsonSerializable(typeof(VmEvents.DeleteAccepted))]
[JsonSerializable(typeof(VmEvents.Deleted))]
[JsonSerializable(typeof(VmEvents.Adopted))]
[JsonSerializable(typeof(VmEvents.MoveBegun))]
[JsonSerializable(typeof(VmEvents.MigrationBegun))]
[JsonSerializable(typeof(VmEvents.Landed))]
[JsonSerializable(typeof(VmEvents.MoveEnded))]
[JsonSerializable(typeof(VmEvents.Released))]
[JsonSerializable(typeof(VmSnapshot))]
internal sealed partial class VmEventsJson : JsonSerializerContext;
