using Akka.Actor;
using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Vms;

/// <summary>What a VM's actor comes to know of the world. Each bears the number that tells whether it is still news.</summary>
/// <remarks>Never leaves the process: it is the echo of the actor's own effects.</remarks>
internal abstract record VmObservation : INoSerializationVerificationNeeded
{
    private VmObservation()
    {
    }

    /// <summary>The stable word for it in an event's cause.</summary>
    public abstract string Word { get; }

    /// <summary>An operation's call ended; forced: the call that no longer asks the guest.</summary>
    public sealed record Ended(long Operation, OperationKind Kind, bool Forced, Outcome Outcome, long Run) : VmObservation
    {
        /// <inheritdoc/>
        public override string Word => $"outcome:{Kind.ToString().ToLowerInvariant()}";
    }

    /// <summary>A look at the domain, begun when the VM was at that revision.</summary>
    /// <param name="Revision">The revision.</param>
    /// <param name="Behind">Whether the operation's own call, and so every call before it, had ended by then.</param>
    /// <param name="Sighting">What was seen.</param>
    public sealed record Seen(long Revision, bool Behind, Sighting Sighting) : VmObservation
    {
        /// <inheritdoc/>
        public override string Word => "hypervisor:look";
    }

    /// <summary>The machine was reset and boots within its domain.</summary>
    public sealed record Reset : VmObservation
    {
        /// <inheritdoc/>
        public override string Word => "hypervisor:reset";
    }

    /// <summary>The guest of that incarnation showed life.</summary>
    public sealed record Alive(long Incarnation, string Sign) : VmObservation
    {
        /// <inheritdoc/>
        public override string Word => $"guest:{Sign}";
    }

    /// <summary>The operation's time is up; forced: the time after it went over to force.</summary>
    public sealed record Overdue(long Operation, bool Forced, TimeSpan Waited) : VmObservation
    {
        /// <inheritdoc/>
        public override string Word => "timer:operation";
    }

    /// <summary>The time for a sign of life is up.</summary>
    public sealed record BootOverdue(long Incarnation, TimeSpan Waited) : VmObservation
    {
        /// <inheritdoc/>
        public override string Word => "timer:boot";
    }
}
