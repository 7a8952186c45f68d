namespace Hydravisor.Libvirt;

/// <summary>Something happened to a domain: the identity, copied while libvirt lent it.</summary>
/// <param name="Uuid">The domain's UUID.</param>
/// <param name="Name">The domain's name.</param>
/// <param name="Id">The number of the running domain; null where it is inactive.</param>
public sealed record DomainEvent(Guid Uuid, string Name, int? Id);

/// <summary>The guest agent of a domain came or went.</summary>
/// <param name="Uuid">The domain's UUID.</param>
/// <param name="Name">The domain's name.</param>
/// <param name="Id">The number of the running domain; null where it is inactive.</param>
/// <param name="State">Whether the agent is there.</param>
/// <param name="Reason">Why that changed.</param>
public sealed record AgentLifecycleEvent(Guid Uuid, string Name, int? Id, AgentState State, AgentStateReason Reason);

/// <summary>A step in the life of a domain.</summary>
/// <param name="Uuid">The domain's UUID.</param>
/// <param name="Name">The domain's name.</param>
/// <param name="Id">The number of the running domain; null where it is inactive.</param>
/// <param name="Kind">Which step.</param>
/// <param name="Detail">Why: a number whose meaning depends on <paramref name="Kind"/>; the typed properties read it.</param>
public sealed record DomainLifecycleEvent(Guid Uuid, string Name, int? Id, DomainLifecycleKind Kind, int Detail)
{
    /// <summary>Why it was defined; null for another kind.</summary>
    public DefinedDetail? Defined => Kind == DomainLifecycleKind.Defined ? (DefinedDetail)Detail : null;

    /// <summary>Why it was undefined; null for another kind.</summary>
    public UndefinedDetail? Undefined => Kind == DomainLifecycleKind.Undefined ? (UndefinedDetail)Detail : null;

    /// <summary>Why it started; null for another kind.</summary>
    public StartedDetail? Started => Kind == DomainLifecycleKind.Started ? (StartedDetail)Detail : null;

    /// <summary>Why it was suspended; null for another kind.</summary>
    public SuspendedDetail? Suspended => Kind == DomainLifecycleKind.Suspended ? (SuspendedDetail)Detail : null;

    /// <summary>Why it was resumed; null for another kind.</summary>
    public ResumedDetail? Resumed => Kind == DomainLifecycleKind.Resumed ? (ResumedDetail)Detail : null;

    /// <summary>Why it stopped; null for another kind.</summary>
    public StoppedDetail? Stopped => Kind == DomainLifecycleKind.Stopped ? (StoppedDetail)Detail : null;

    /// <summary>Why it shut down; null for another kind.</summary>
    public ShutdownDetail? Shutdown => Kind == DomainLifecycleKind.Shutdown ? (ShutdownDetail)Detail : null;

    /// <summary>How the guest's power management suspended it; null for another kind.</summary>
    public PmSuspendedDetail? PmSuspended => Kind == DomainLifecycleKind.PmSuspended ? (PmSuspendedDetail)Detail : null;

    /// <summary>How it crashed; null for another kind.</summary>
    public CrashedDetail? Crashed => Kind == DomainLifecycleKind.Crashed ? (CrashedDetail)Detail : null;
}
