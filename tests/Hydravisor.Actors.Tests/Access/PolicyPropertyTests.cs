using CsCheck;
using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Access;

/// <summary>What holds of every policy, every principal and every question.</summary>
public sealed class PolicyPropertyTests
{
    private static readonly string[] RoleNames = ["one", "two"];
    private static readonly string[] AgentNames = ["a", "b", "anonymous"];
    private static readonly string[] Types = [.. MessagePattern.Ruled];

    private static readonly Gen<MessagePattern> Pattern = OneOf([.. Types.Concat(["*", "vm/*", "log/*", "terminal/*"]).Select(Parsed)]);

    private static readonly Gen<VmSelector> Selector = OneOf<VmSelector>(
        new VmSelector.Own(), new VmSelector.All(), new VmSelector.Labelled("team", "red"), new VmSelector.One(Samples.Id));

    private static readonly Gen<PolicyData> Policies = Gen.Select(
        Gen.Select(Role("one"), Role("two"), (one, two) => (PolicyRole[])[one, two]),
        Gen.Select(Agent("a"), Agent("b"), Agent("anonymous"), (a, b, c) => (PolicyAgent[])[a, b, c]),
        OneOf(["none", .. RoleNames]),
        (roles, agents, loopback) => new PolicyData { Roles = roles, Agents = agents, Loopback = loopback });

    private static readonly Gen<Principal> Principals = Gen.Select(
        OneOf(AgentNames), OneOf([.. RoleNames, "three"]), OneOf(AgentNames).Null(), (agent, role, name) => new Principal(agent, role, "c", name));

    private static readonly Gen<VmFacts> Vms = Gen.Select(
        OneOf(Samples.Id, InstanceId.Parse("vm-ffffffff")), OneOf(AgentNames), OneOf("red", "blue"),
        (id, owner, team) => new VmFacts(id, owner, new Dictionary<string, string> { ["team"] = team }));

    private static readonly Gen<PolicyQuestion> Questions = Gen.Select(
        OneOf(Types), Gen.Enum<TerminalRole>().Nullable(), Vms.Null(), (type, terminal, vm) => new PolicyQuestion(type, terminal, vm));

    private static readonly Gen<(PolicyData Policy, Principal Principal, PolicyQuestion Question)> Cases = Gen.Select(Policies, Principals, Questions);

    [Fact]
    public void An_explicit_denial_wins_whatever_allows() => Gen.Select(Cases, Gen.Bool).Sample((it, byRole) =>
    {
        var pattern = Parsed(it.Question.Type);
        var denying = byRole
            ? WithRole(it.Policy, it.Principal.Role, role => role with { Deny = [.. role.Deny, pattern] })
            : WithAgent(it.Policy, it.Principal.Agent, agent => agent with { Deny = [.. agent.Deny, pattern] });
        Assert.False(Decide(denying, it).IsAllowed);
    });

    [Fact]
    public void Adding_an_allow_never_denies_and_removing_one_never_allows() =>
        Gen.Select(Cases, Pattern, OneOf(RoleNames), OneOf(AgentNames), Gen.Bool, Gen.Int[0, 3]).Sample((it, pattern, inRole, ofAgent, byRole, at) =>
        {
            var more = byRole
                ? WithRole(it.Policy, inRole, role => role with { Allow = Inserted(role.Allow, pattern, at) })
                : WithAgent(it.Policy, ofAgent, agent => agent with { Allow = Inserted(agent.Allow, pattern, at) });
            Assert.True(!Decide(it.Policy, it).IsAllowed || Decide(more, it).IsAllowed);
        });

    [Fact]
    public void Adding_VMs_to_a_role_never_denies() => Gen.Select(Cases, Selector).Sample((it, selector) =>
    {
        var more = WithRole(it.Policy, it.Principal.Role, role => role with { Vms = [.. role.Vms, selector] });
        Assert.True(!Decide(it.Policy, it).IsAllowed || Decide(more, it).IsAllowed);
    });

    [Fact]
    public void Nothing_is_allowed_by_silence() => Cases.Sample(it =>
    {
        if (Decide(it.Policy, it) is Decision.Allowed allowed)
        {
            var role = it.Policy.Roles.Single(each => each.Name == it.Principal.Role);
            var agents = it.Policy.Agents.Where(each => each.Key == it.Principal.Agent || each.Key == it.Principal.Name);
            Assert.Contains(role.Allow.Concat(agents.SelectMany(each => each.Allow)), pattern => pattern.Matches(it.Question.Type));
            Assert.Equal(it.Question.Vm is null, allowed.Scope is null);
        }
    });

    [Fact]
    public void A_VM_that_is_known_only_narrows_and_only_by_the_scope() => Gen.Select(Cases, Vms).Sample((it, vm) =>
    {
        var policy = new Policy(it.Policy);
        var without = policy.Decide(it.Principal, it.Question with { Vm = null });
        var with = policy.Decide(it.Principal, it.Question with { Vm = vm });
        Assert.Equal(without.IsAllowed && policy.ScopeOf(it.Principal).Covers(it.Principal, vm), with.IsAllowed);
    });

    [Fact]
    public void Permissions_are_what_is_decided() => Cases.Sample(it =>
    {
        var policy = new Policy(it.Policy);
        Assert.Equal(Types.Where(type => policy.Decide(it.Principal, new PolicyQuestion(type)).IsAllowed), policy.PermissionsOf(it.Principal));
    });

    [Fact]
    public void The_order_of_roles_agents_and_sets_does_not_change_the_digest() => Policies.Sample(policy => Assert.Equal(
        new Policy(policy).Digest,
        new Policy(policy with
        {
            Roles = [.. policy.Roles.Reverse().Select(role => role with { Terminal = [.. role.Terminal.Reverse()] })],
            Agents = [.. policy.Agents.Reverse().Select(agent => agent with { Roles = agent.Roles is { } roles ? [.. roles.Reverse()] : null })],
        }).Digest));

    [Fact]
    public void Policies_that_decide_differently_have_different_digests() => Gen.Select(Cases, Policies).Sample((it, other) =>
    {
        // Equal digests would mean that a rule id in the journal could belong to either.
        if (Decide(it.Policy, it) != Decide(other, it))
        {
            Assert.NotEqual(new Policy(it.Policy).Digest, new Policy(other).Digest);
        }
    });

    [Fact]
    public void Every_change_of_one_thing_changes_the_digest() => Policies.Sample(policy =>
    {
        PolicyData[] changed =
        [
            policy with { Remote = "two" },
            policy with { Recorded = ["one"] },
            policy with { Bare = BareAfterAuthorize.Off },
            policy with { Skew = TimeSpan.FromSeconds(61) },
            policy with { Roles = [.. policy.Roles, new PolicyRole { Name = "three" }] },
            WithRole(policy, "one", role => role with { Allow = [.. role.Allow, MessagePattern.All] }),
            WithRole(policy, "one", role => role with { Deny = [.. role.Deny, MessagePattern.All] }),
            WithRole(policy, "one", role => role with { Vms = [.. role.Vms, new VmSelector.All()] }),
            WithRole(policy, "two", role => role with { Audited = !role.Audited }),
            WithRole(policy, "two", role => role with { Terminal = role.Terminal.Count == 2 ? [] : [TerminalRole.Operator, TerminalRole.Auditor] }),
            WithRole(policy, "two", role => role with { Limits = new RoleLimits(Vcpus: 1) }),
            WithRole(policy, "two", role => role with { Limits = new RoleLimits(RamBytes: 1) }),
            WithRole(policy, "two", role => role with { Limits = new RoleLimits(DiskBytes: 1) }),
            WithRole(policy, "two", role => role with { Limits = new RoleLimits(Vms: 1) }),
            WithRole(policy, "two", role => role with { Limits = new RoleLimits(MessagesPerSecond: 1) }),
            WithRole(policy, "two", role => role with { Limits = new RoleLimits(LogSubscriptions: 1) }),
            WithAgent(policy, "a", agent => agent with { Roles = agent.Roles is null ? [] : null }),
            WithAgent(policy, "a", agent => agent with { Vms = agent.Vms is null ? [] : null }),
            WithAgent(policy, "a", agent => agent with { Deny = [.. agent.Deny, MessagePattern.All] }),
            WithAgent(policy, "a", agent => agent with { Allow = [.. agent.Allow, MessagePattern.All] }),
        ];
        var digests = changed.Prepend(policy).Select(each => new Policy(each).Digest).ToList();
        Assert.Equal(digests.Count, digests.Distinct().Count());
    });

    private static Gen<PolicyRole> Role(string name) => Gen.Select(
        Pattern.Array[0, 4], Pattern.Array[0, 1], Gen.Enum<TerminalRole>().Array[0, 2], Selector.Array[0, 2],
        (allow, deny, terminal, vms) => new PolicyRole { Name = name, Allow = allow, Deny = deny, Terminal = [.. terminal.Distinct()], Vms = vms });

    private static Gen<PolicyAgent> Agent(string key) => Gen.Select(
        Pattern.Array[0, 2], Pattern.Array[0, 1], Gen.Shuffle(RoleNames, 0, 2).Null(), Selector.Array[0, 2].Null(),
        (allow, deny, roles, vms) => new PolicyAgent { Key = key, Allow = allow, Deny = deny, Roles = roles, Vms = vms });

    private static Decision Decide(PolicyData policy, (PolicyData Policy, Principal Principal, PolicyQuestion Question) it) =>
        new Policy(policy).Decide(it.Principal, it.Question);

    private static MessagePattern[] Inserted(IReadOnlyList<MessagePattern> list, MessagePattern pattern, int at)
    {
        var longer = list.ToList();
        longer.Insert(Math.Min(at, longer.Count), pattern);
        return [.. longer];
    }

    private static PolicyData WithRole(PolicyData policy, string name, Func<PolicyRole, PolicyRole> change) =>
        policy with { Roles = [.. policy.Roles.Select(role => role.Name == name ? change(role) : role)] };

    private static PolicyData WithAgent(PolicyData policy, string key, Func<PolicyAgent, PolicyAgent> change) =>
        policy with { Agents = [.. policy.Agents.Select(agent => agent.Key == key ? change(agent) : agent)] };

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(at => values[at]);

    private static MessagePattern Parsed(string text) =>
        MessagePattern.TryParse(text, out var pattern, out var problem) ? pattern : throw new ArgumentException(problem);
}
