namespace Hydravisor.Libvirt;

/// <summary>What a domain is doing and why.</summary>
/// <param name="State">What it is doing.</param>
/// <param name="Reason">Why: a number whose meaning depends on <paramref name="State"/>; the typed properties read it.</param>
public readonly record struct DomainStatus(DomainState State, int Reason)
{
    /// <summary>Why it runs; null in another state.</summary>
    public RunningReason? Running => State == DomainState.Running ? (RunningReason)Reason : null;

    /// <summary>Why it is paused; null in another state.</summary>
    public PausedReason? Paused => State == DomainState.Paused ? (PausedReason)Reason : null;

    /// <summary>Why it is shutting down; null in another state.</summary>
    public ShutdownReason? Shutdown => State == DomainState.Shutdown ? (ShutdownReason)Reason : null;

    /// <summary>Why it is off; null in another state.</summary>
    public ShutoffReason? Shutoff => State == DomainState.Shutoff ? (ShutoffReason)Reason : null;

    /// <summary>Why it is crashed; null in another state.</summary>
    public CrashedReason? Crashed => State == DomainState.Crashed ? (CrashedReason)Reason : null;
}
