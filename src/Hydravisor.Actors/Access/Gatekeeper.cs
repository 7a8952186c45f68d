using System.Diagnostics.CodeAnalysis;

namespace Hydravisor.Actors.Access;

/// <summary>Turns a request into an <see cref="Authorised{T}"/>, or into a denial with the rule that decided.</summary>
internal static class Gatekeeper
{
    private static readonly VmScope EveryVm = new(Decision.AgentFrozen, [new VmSelector.All()]);

    /// <summary>Asks the policy. Pure.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="principal">Who asks.</param>
    /// <param name="question">What for.</param>
    /// <param name="request">The request.</param>
    /// <param name="requestId">The agent's own id of it.</param>
    /// <param name="authorised">The authorised request.</param>
    /// <param name="denied">The denial, with its rule.</param>
    public static bool TryAuthorise<T>(
        Policy policy,
        Principal principal,
        PolicyQuestion question,
        T request,
        string? requestId,
        [NotNullWhen(true)] out Authorised<T>? authorised,
        [NotNullWhen(false)] out Decision.Denied? denied)
    {
        var decision = policy.Decide(principal, question);
        denied = decision as Decision.Denied;
        authorised = denied is null ? Authorised<T>.Allowed(request, new VmReach(principal, policy.ScopeOf(principal)), decision.Rule, policy.Digest, requestId) : null;
        return denied is null;
    }

    /// <summary>What a node does by itself to a VM of an agent that is frozen: on the operator's account. Pure.</summary>
    /// <param name="policy">The policy in force.</param>
    /// <param name="request">What is done.</param>
    public static Authorised<T> OnFreeze<T>(Policy policy, T request) =>
        Authorised<T>.Allowed(request, new VmReach(Principal.Operator, EveryVm), Decision.AgentFrozen, policy.Digest, requestId: null);
}
