using Akka.Actor;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;

namespace Hydravisor.Actors.Vms;

/// <summary>What a VM's driver times. One timer of each at most; starting it again is starting it anew.</summary>
internal enum VmTimer
{
    /// <summary>The operation in flight is overdue.</summary>
    Operation,

    /// <summary>The operation in flight is tried again.</summary>
    Retry,

    /// <summary>The guest is asked again.</summary>
    Ask,

    /// <summary>A look that failed is taken again.</summary>
    Look,

    /// <summary>The sign of life is overdue.</summary>
    Life,

    /// <summary>The sign of life is waited for again.</summary>
    LifeRetry,
}

/// <summary>What comes back to a VM's driver and is no observation of the VM.</summary>
internal abstract record VmEcho : INoSerializationVerificationNeeded
{
    private VmEcho()
    {
    }

    /// <summary>The domain could not be looked at.</summary>
    public sealed record LookedInVain(string Reason) : VmEcho;

    /// <summary>It is time to look again.</summary>
    public sealed record LookAgain : VmEcho;

    /// <summary>It is time to carry out the operation again.</summary>
    public sealed record Retry(long Operation, bool Forced) : VmEcho;

    /// <summary>It is time to ask the guest again.</summary>
    public sealed record AskAgain(long Operation) : VmEcho;

    /// <summary>A wait for life ended without one.</summary>
    public sealed record NoLife(long Wait, Outcome Why) : VmEcho;

    /// <summary>It is time to wait for life again.</summary>
    public sealed record AwaitAgain : VmEcho;
}

/// <summary>Where a VM goes as it runs.</summary>
/// <param name="To">The node.</param>
/// <param name="Landing">The place that was made for it there.</param>
internal sealed record VmFlight(string To, Landing Landing);

/// <summary>The hands of a VM's driver: each begins something and returns at once; what comes of it comes back as a message.</summary>
internal interface IVmWorld
{
    /// <summary>Why the hypervisor cannot be reached now; null when it can.</summary>
    string? Trouble { get; }

    /// <summary>Carries out the operation; comes back as <see cref="VmObservation.Ended"/>.</summary>
    void Perform(Operation operation, DomainPlan plan, long incarnation);

    /// <summary>Looks at the domain; comes back as <see cref="VmObservation.Seen"/> or <see cref="VmEcho.LookedInVain"/>.</summary>
    void Look(long revision, bool behind);

    /// <summary>Marks the boot and waits for its sign of life; comes back as <see cref="VmObservation.Alive"/> or <see cref="VmEcho.NoLife"/>.</summary>
    void AwaitLife(DomainPlan plan, long incarnation, long wait);

    /// <summary>Gives up waiting for life.</summary>
    void AwaitLifeNoMore();

    /// <summary>Has a terminal session with a live console.</summary>
    void OpenTerminal();

    /// <summary>Has a message come after that time; the timer's earlier message comes no more.</summary>
    void StartTimer(VmTimer timer, object message, TimeSpan after);

    /// <summary>Lets a timer's message come no more.</summary>
    void CancelTimer(VmTimer timer);
}
