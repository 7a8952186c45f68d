using System.Net;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>Who may do what. Immutable; the decision is a pure function.</summary>
/// <remarks>
/// A role allows and denies messages, terminal roles and VMs; an agent can have rules of its own, under its fingerprint, its name,
/// or both. What is denied explicitly stays denied, whatever allows it; what nothing allows is denied.
/// </remarks>
internal sealed class Policy
{
    private readonly Dictionary<string, RoleRules> _roles;
    private readonly Dictionary<string, AgentRules> _agents;
    private readonly string? _loopbackRole;
    private readonly string? _remoteRole;

    /// <summary>Makes a policy.</summary>
    /// <exception cref="ArgumentException">It names a role that it does not have.</exception>
    public Policy(PolicyData data)
    {
        Data = data;
        var names = data.Roles.Select(role => role.Name).Order(StringComparer.Ordinal).ToArray();
        _loopbackRole = Role(data.Loopback, "anonymous.loopback", names);
        _remoteRole = Role(data.Remote, "anonymous.remote", names);
        var recorded = data.Recorded.Select(name => Known(name, "recorded", names)).ToHashSet(StringComparer.Ordinal);
        _roles = data.Roles.ToDictionary(role => role.Name, role => new RoleRules(role, role.Recorded || recorded.Contains(role.Name)), StringComparer.Ordinal);
        _agents = data.Agents.ToDictionary(
            agent => agent.Key,
            agent => new AgentRules(agent, agent.Roles?.Select(name => Known(name, $"agents.{agent.Key}.roles", names)).ToHashSet(StringComparer.Ordinal)),
            StringComparer.Ordinal);
        Digest = PolicyText.Digest(data);
    }

    /// <summary>A policy whose one role, <c>trusted</c>, may do everything.</summary>
    /// <param name="loopbackRole">The role of bare connections from the node itself, or <c>none</c>.</param>
    /// <param name="remoteRole">The role of bare connections from elsewhere, or <c>none</c>.</param>
    /// <param name="recorded">The roles whose VMs are recorded, whatever those who make them ask for.</param>
    /// <exception cref="ArgumentException">A role that does not exist.</exception>
    public Policy(string loopbackRole, string remoteRole, params IReadOnlyList<string> recorded)
        : this(new PolicyData { Roles = [PolicyRole.Trusted], Loopback = loopbackRole, Remote = remoteRole, Recorded = recorded })
    {
    }

    /// <summary>What it was made of.</summary>
    public PolicyData Data { get; }

    /// <summary>SHA-256 of all of it, in hexadecimal: stands on every event that it allowed and every denial.</summary>
    public string Digest { get; }

    /// <summary>Whether a connection from this machine may speak without a credential.</summary>
    public bool TrustsLoopback => _loopbackRole is not null;

    /// <summary>How far a credential's time may be off.</summary>
    public TimeSpan Skew => Data.Skew;

    /// <summary>Whom a bare connection from that address acts as; null where the policy has nobody for it.</summary>
    public Principal? Anonymous(IPAddress remote, string connection)
    {
        var role = IPAddress.IsLoopback(remote) ? _loopbackRole : _remoteRole;
        return role is null ? null : new Principal(Principal.Anonymous, role, connection);
    }

    /// <summary>Whether messages without a credential act with the grant of their connection.</summary>
    /// <param name="guarded">Whether nobody else can write into it: it is of TLS, or of the node's own machine.</param>
    public bool TakesBareAfterAuthorize(bool guarded) => Data.Bare == BareAfterAuthorize.On || (Data.Bare == BareAfterAuthorize.Auto && guarded);

    /// <summary>Whether the agent may take the role, as far as this policy says; the store of agents says what it was given.</summary>
    /// <param name="agentFingerprint">The agent.</param>
    /// <param name="role">The role.</param>
    /// <param name="name">What the agent is called, where it has a name.</param>
    public bool MayTake(string agentFingerprint, string role, string? name = null) =>
        _roles.ContainsKey(role) && NotTaken(Of(agentFingerprint, name), role) is null;

    /// <summary>Decides.</summary>
    public Decision Decide(Principal principal, PolicyQuestion question)
    {
        var type = question.Type;
        if (type == MessageTypes.Heartbeat)
        {
            return new Decision.Allowed(MessageTypes.Heartbeat);
        }

        if (!_roles.TryGetValue(principal.Role, out var role))
        {
            return new Decision.Denied(Decision.DefaultDeny, $"there is no role '{principal.Role}'");
        }

        var agent = Of(principal.Agent, principal.Name);
        if ((role.Deny.RuleFor(type) ?? agent.Own?.Deny.RuleFor(type) ?? agent.Named?.Deny.RuleFor(type)) is { } forbidden)
        {
            return new Decision.Denied(forbidden, $"a rule of the policy denies {type} to {(role.Deny.RuleFor(type) is null ? "this agent" : $"the role '{principal.Role}'")}");
        }

        if (NotTaken(agent, principal.Role) is { } notTaken)
        {
            return new Decision.Denied(notTaken, $"this agent may not take the role '{principal.Role}'");
        }

        if ((role.Allow.RuleFor(type) ?? agent.Own?.Allow.RuleFor(type) ?? agent.Named?.Allow.RuleFor(type)) is not { } rule)
        {
            return new Decision.Denied(Decision.DefaultDeny, $"the role '{principal.Role}' may not send {type}");
        }

        if (role.WrongTerminal(question) is { } wrong)
        {
            return new Decision.Denied(role.TerminalId, $"the role '{principal.Role}' may not {wrong}");
        }

        if (question.Vm is not { } vm)
        {
            return new Decision.Allowed(rule);
        }

        var scope = Scope(role, agent);
        return scope.RuleFor(principal, vm) is { } covers
            ? new Decision.Allowed(rule, covers)
            : new Decision.Denied(scope.Id, $"this VM is not among those that the role '{principal.Role}' may touch for this agent");
    }

    /// <summary>The id of the rule that allows the permission to the principal as far as no VM is concerned, or null: denied.</summary>
    /// <param name="principal">Who asks.</param>
    /// <param name="permission">What for: the wire type of the message.</param>
    public string? RuleFor(Principal principal, string permission) => (Decide(principal, new PolicyQuestion(permission)) as Decision.Allowed)?.Rule;

    /// <summary>The wire types that the principal may send, of those that a policy decides on.</summary>
    public IReadOnlyList<string> PermissionsOf(Principal principal) => [.. MessagePattern.Ruled.Where(type => RuleFor(principal, type) is not null)];

    /// <summary>The VMs that the principal may touch.</summary>
    public VmScope ScopeOf(Principal principal) =>
        _roles.TryGetValue(principal.Role, out var role) ? Scope(role, Of(principal.Agent, principal.Name)) : VmScope.Nothing;

    /// <summary>The most that one agent may have in the role; a role that does not exist allows nothing anyway.</summary>
    public RoleLimits LimitsOf(string role) => _roles.GetValueOrDefault(role)?.Limits ?? RoleLimits.None;

    /// <summary>Whether every command of the principal is audited, also one that only reads.</summary>
    public bool Audits(Principal principal) => _roles.GetValueOrDefault(principal.Role)?.Audited ?? false;

    /// <summary>Whether the VMs that the principal makes are recorded, also where it does not ask for that.</summary>
    public bool Records(Principal principal) => _roles.GetValueOrDefault(principal.Role)?.Recorded ?? false;

    // A name that looks like a fingerprint, or is that of strangers, must not find the rules of another agent.
    private (AgentRules? Own, AgentRules? Named) Of(string agent, string? name) => (
        _agents.GetValueOrDefault(agent),
        name is null || name == agent || name == Principal.Anonymous || Principal.IsFingerprint(name) ? null : _agents.GetValueOrDefault(name));

    private static string? NotTaken((AgentRules? Own, AgentRules? Named) agent, string role) => agent.Own?.NotTaken(role) ?? agent.Named?.NotTaken(role);

    private static VmScope Scope(RoleRules role, (AgentRules? Own, AgentRules? Named) agent) => agent.Own?.Scope ?? agent.Named?.Scope ?? role.Scope;

    private static string? Role(string name, string key, string[] names) =>
        name == PolicyData.NoRole ? null : Known(name, key, [PolicyData.NoRole, .. names]);

    private static string Known(string name, string key, string[] names) =>
        names.Contains(name)
            ? name
            : throw new ArgumentException($"hydravisor.policy.{key} = {name}: there is no such role. Known: {string.Join(", ", names)}.");
}
