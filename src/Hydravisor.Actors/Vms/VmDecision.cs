using Hydravisor.Protocol;

namespace Hydravisor.Actors.Vms;

/// <summary>Why a command is refused. Closed: each has a code of the wire and a sentence.</summary>
internal enum VmDenial
{
    /// <summary>There is no such VM.</summary>
    NoSuchVm,

    /// <summary>The agent thinks of another incarnation.</summary>
    OtherIncarnation,

    /// <summary>The same request id came with other wishes.</summary>
    OtherWishes,

    /// <summary>The hypervisor cannot be reached.</summary>
    HypervisorDown,

    /// <summary>The VM is as the command would make it.</summary>
    AlreadySo,

    /// <summary>The VM's phase does not allow it.</summary>
    WrongPhase,

    /// <summary>Another operation is in flight.</summary>
    Busy,

    /// <summary>The agent that it belongs to is frozen.</summary>
    AgentFrozen,

    /// <summary>It goes to another node.</summary>
    Moving,
}

/// <summary>What is decided on a command.</summary>
internal abstract record VmDecision
{
    private VmDecision()
    {
    }

    /// <summary>Store these events, then answer.</summary>
    public sealed record Accepted(IReadOnlyList<IVmEvent> Events) : VmDecision;

    /// <summary>It is being fulfilled, or was: answer the same, do nothing.</summary>
    public sealed record Already : VmDecision;

    /// <summary>Refused.</summary>
    public sealed record Denied(VmDenial Denial, string Message) : VmDecision
    {
        /// <summary>The code on the wire.</summary>
        public ErrorCode Code => Denial switch
        {
            VmDenial.NoSuchVm => ErrorCode.NotFound,
            VmDenial.HypervisorDown or VmDenial.Moving => ErrorCode.Unavailable,
            VmDenial.OtherIncarnation or VmDenial.OtherWishes or VmDenial.AlreadySo or VmDenial.WrongPhase or VmDenial.Busy
                or VmDenial.AgentFrozen => ErrorCode.Conflict,
            _ => throw new InvalidOperationException($"{Denial} has no code."),
        };
    }
}
