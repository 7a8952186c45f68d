using System.Globalization;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Vms;

/// <summary>What happened to a VM, in words for its log. Pure.</summary>
internal static class VmEventWords
{
    /// <summary>The line of a stored event: what happened, and on whose account.</summary>
    public static string Of(StoredEvent stored) =>
        stored.Cause.Agent is { } agent ? $"{Of((IVmEvent)stored.Event)} (by {agent}, {stored.Cause.Role})" : Of((IVmEvent)stored.Event);

    private static string Of(IVmEvent e) => e switch
    {
        VmEvents.Created created => $"created from {created.Spec.Image.Name}",
        VmEvents.Provisioned => "disk and domain are made",
        VmEvents.BootBegun boot => string.Create(CultureInfo.InvariantCulture, $"boot {boot.Incarnation} began: {Of(boot.Trigger)}"),
        VmEvents.DomainStarted => "the domain runs",
        VmEvents.GuestReady ready => $"running: the guest showed life ({ready.Sign})",
        VmEvents.SuspendAccepted => "to be suspended",
        VmEvents.Suspended suspended => "suspended" + Outside(suspended.Operation),
        VmEvents.ResumeAccepted => "to be resumed",
        VmEvents.Resumed resumed => "resumed" + Outside(resumed.Operation),
        VmEvents.RebootAccepted => "to be rebooted",
        VmEvents.StopAccepted stop => stop.Forced ? "to be stopped by force" : "to be stopped",
        VmEvents.Escalated escalated => $"by force now: {escalated.Reason}",
        VmEvents.Stopped stopped => $"stopped: {stopped.Reason}",
        VmEvents.OperationFailed failed => $"did not succeed: {failed.Reason}",
        VmEvents.Failed failed => $"failed: {failed.Reason}",
        VmEvents.DeleteAccepted => "to be deleted",
        VmEvents.Deleted => "deleted",
        VmEvents.Adopted { State.Move.IsReleased: true } adopted when adopted.State.Move.To == adopted.Node => $"moved here from the node {adopted.State.Node}",
        VmEvents.Adopted adopted => $"the node {adopted.State.Node} was lost: to be made anew on {adopted.Node}",
        VmEvents.MoveBegun begun => $"to be moved to the node {begun.To}",
        VmEvents.MigrationBegun begun => $"to be moved to the node {begun.To} as it runs",
        VmEvents.Landed => "here as it ran: to be resumed",
        VmEvents.MoveEnded ended => $"stays with its node: {ended.Reason}",
        VmEvents.Released released => $"the node {released.To}'s from now on",
        _ => throw new InvalidOperationException($"{e.GetType().Name} has no words."),
    };

    private static string Of(BootTrigger trigger) => trigger switch
    {
        BootTrigger.Created => "just created",
        BootTrigger.Started => "started",
        BootTrigger.Rebooted => "rebooted",
        BootTrigger.Guest => "the guest rebooted by itself",
        BootTrigger.Outside => "started outside of Hydravisor",
        BootTrigger.Adopted => "started anew on another node",
        BootTrigger.Moved => "started on the node that it was moved to",
        BootTrigger.MoveEnded => "started again, since it was not moved",
        _ => trigger.ToString(),
    };

    private static string Outside(long operation) => operation == 0 ? " outside of Hydravisor" : "";
}
