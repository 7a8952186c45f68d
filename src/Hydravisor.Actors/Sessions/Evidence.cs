using Hydravisor.Actors.Access;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Sessions;

/// <summary>What of an answer must be written down before it is given. Pure.</summary>
internal static class Evidence
{
    /// <summary>Why somebody has it asked: the cause of what is written down of a request.</summary>
    public static Cause CauseOf(Pending request) => CauseOf(request.From, request.RequestId, request.Rule, request.Policy);

    /// <summary>The cause of what is written down of something that somebody asked.</summary>
    public static Cause CauseOf(Principal from, string? requestId, string rule, string policy) => new(from.Agent, from.Role, requestId, from.Connection, rule, policy);

    /// <summary>What must be written down of a VM's reply; null: nothing, or the VM's own journal has it.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="remote">Where the connection comes from.</param>
    public static ILedgerEvent? Of(Pending request, VmReply reply, Policy policy, string remote) => reply switch
    {
        VmReply.Attached attached => new LedgerEvents.Attached(
            attached.View.Id.Value,
            attached.View.Incarnation,
            (attached.ReadOnly ? TerminalRole.Auditor : TerminalRole.Operator).ToWireName(),
            request.Then is VmAttachTerminal,
            remote),
        // Also where there is no such VM: else the time that an answer takes would tell the one from the other.
        VmReply.Denied { Code: ErrorCode.NotFound } hidden when !policy.ScopeOf(request.From).CoversAll => Denied(request, hidden.Code, hidden.Message, remote),
        VmReply.Denied { Code: ErrorCode.TooMany or ErrorCode.Forbidden } denied => Denied(request, denied.Code, denied.Message, remote),
        VmReply.Executed => null,
        VmReply.Granted { Already: false } => null,
        VmReply.Denied denied when policy.Audits(request.From) => new LedgerEvents.Commanded(request.Type, request.InstanceId, (int)denied.Code),
        _ when policy.Audits(request.From) => Done(request),
        _ => null,
    };

    /// <summary>What must be written down of a list.</summary>
    public static ILedgerEvent? OfList(Pending request, Policy policy) => policy.Audits(request.From) ? Done(request) : null;

    /// <summary>A message that the policy, or what it limits, did not let.</summary>
    public static LedgerEvents.Denied Denied(ClientMessage message, ErrorCode code, string reason, string remote, long? times = null) =>
        new(message.Type, Shown((message as InstanceMessage)?.InstanceId), (int)code, reason, remote, Times: times);

    /// <summary>A signed message that was not let in. Whom it names is not proven.</summary>
    public static LedgerEvents.Denied Denied(WrappedLine line, Admission.Denied refused, string remote) =>
        new(null, null, (int)refused.Code, refused.Message, remote, line.AgentFingerprint, Shown(line.Role));

    /// <summary>A request that was let by the policy, and not by what it is about.</summary>
    public static LedgerEvents.Denied Denied(Pending request, ErrorCode code, string reason, string remote) =>
        new(request.Type, request.InstanceId, (int)code, reason, remote);

    private static LedgerEvents.Commanded Done(Pending request) => new(request.Type, request.InstanceId, 200);

    // It may be anything, and as long as a line.
    private static string? Shown(string? text) => text is { Length: > 80 } ? text[..80] + "…" : text;
}
