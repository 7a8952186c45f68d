using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Access;

/// <summary>A request that the policy allowed. Only <see cref="Gatekeeper"/> makes one; hosts and VMs accept nothing else.</summary>
/// <typeparam name="T">The request.</typeparam>
internal sealed record Authorised<T>
{
    private Authorised(T value, VmReach reach, string rule, string policy, string? requestId)
    {
        Value = value;
        Reach = reach;
        Rule = rule;
        Policy = policy;
        RequestId = requestId;
    }

    /// <summary>The request.</summary>
    public T Value { get; }

    /// <summary>Who made it, and which VMs he may touch.</summary>
    public VmReach Reach { get; }

    /// <summary>Who made it.</summary>
    public Principal Principal => Reach.Principal;

    /// <summary>The rule that allowed it.</summary>
    public string Rule { get; }

    /// <summary>The digest of the policy in force.</summary>
    public string Policy { get; }

    /// <summary>The agent's own id of the request.</summary>
    public string? RequestId { get; }

    /// <summary>The cause that events following from this request bear.</summary>
    public Cause Cause =>
        new(Principal.Agent, Principal.Role, RequestId, Principal.Connection, Rule, Policy);

    /// <summary>Another form of the same request, under the same leave: a wish becomes the command that fulfils it.</summary>
    public Authorised<TOther> As<TOther>(TOther value) => Authorised<TOther>.Allowed(value, Reach, Rule, Policy, RequestId);

    /// <summary>For <see cref="Gatekeeper"/> alone (a test holds this).</summary>
    internal static Authorised<T> Allowed(T value, VmReach reach, string rule, string policy, string? requestId) =>
        new(value, reach, rule, policy, requestId);
}
