namespace Hydravisor.Actors.Access;

/// <summary>Turns a request into an <see cref="Authorised{T}"/>, or into a denial with the rule that decided.</summary>
internal static class Gatekeeper
{
    /// <summary>The rule id of what nothing allows.</summary>
    public const string DefaultDeny = "default-deny";

    /// <summary>Asks the policy. Pure.</summary>
    /// <returns>The authorised request, or null where the policy denies it (<see cref="DefaultDeny"/>).</returns>
    public static Authorised<T>? Authorise<T>(Policy policy, Principal principal, string permission, T request, string? requestId) =>
        policy.RuleFor(principal, permission) is { } rule
            ? Authorised<T>.Allowed(request, principal, rule, policy.Digest, requestId)
            : null;
}
