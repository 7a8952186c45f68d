using Akka.Event;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What a host says of its VMs in the node's log.</summary>
internal static class HostLog
{
    /// <summary>A VM has changed.</summary>
    /// <param name="log">The log.</param>
    /// <param name="change">How.</param>
    /// <param name="cause">Why.</param>
    public static void Say(ILoggingAdapter log, VmChange change, Cause cause)
    {
        var about = cause.Agent is { } agent
            ? log.WithContext("Agent", agent).WithContext("Connection", cause.Connection ?? "").WithContext("RequestId", cause.RequestId ?? "")
            : log.WithContext("Observation", cause.Observation ?? "");
        about.Info(
            "{InstanceId} {Previous} -> {Phase}, incarnation {Incarnation}{Reason}", change.View.Id.Value, change.Previous?.ToWireName() ?? "created",
            change.View.Phase.ToWireName(), change.View.Incarnation, change.View.Reason is { } reason ? ": " + reason : "");
    }
}
