namespace Hydravisor.Actors.Access;

/// <summary>What a policy says to a question, with the rule that decided: the place in the file under <c>hydravisor.policy</c>.</summary>
/// <param name="Rule">
/// The rule: <c>roles.sandboxed.allow[3]</c>. A list without a number is one in which nothing fits: <c>roles.sandboxed.vms</c>.
/// </param>
internal abstract record Decision(string Rule)
{
    /// <summary>The rule id of what nothing allows.</summary>
    public const string DefaultDeny = "default-deny";

    /// <summary>The rule id of what a node does to the VMs of an agent that is frozen.</summary>
    public const string AgentFrozen = "agent-frozen";

    /// <summary>Whether it may be.</summary>
    public bool IsAllowed => this is Allowed;

    /// <summary>It may be.</summary>
    /// <param name="Rule">The rule that allows the message.</param>
    /// <param name="Scope">The rule that covers the VM, where one was asked about.</param>
    public sealed record Allowed(string Rule, string? Scope = null) : Decision(Rule);

    /// <summary>It may not be.</summary>
    /// <param name="Rule">The rule that decided, or <see cref="DefaultDeny"/>.</param>
    /// <param name="Reason">Why, for who asked.</param>
    public sealed record Denied(string Rule, string Reason) : Decision(Rule);
}
