using System.Net;
using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Access;

/// <summary>Who may do what, decision by decision, each with the rule that a person finds in the file.</summary>
public sealed class PolicyDecisionTests
{
    private const string Bot = "ci-bot";
    private static readonly string Print = new('a', 64);

    private static readonly Policy Policy = new(new PolicyData
    {
        Roles =
        [
            Role("builder", allow: ["vm/create", "vm/*", "terminal/*"], deny: ["vm/exec"], terminal: [TerminalRole.Auditor]) with
            {
                Vms = [new VmSelector.Own(), new VmSelector.Labelled("team", "red"), new VmSelector.One(InstanceId.Parse("vm-aaaaaaaa"))],
                Limits = new RoleLimits(Vcpus: 2),
                Recorded = true,
            },
            Role("watcher", allow: ["vm/list"], deny: [], terminal: []) with { Audited = true },
        ],
        Agents =
        [
            new PolicyAgent { Key = Bot, Deny = Patterns("vm/delete"), Allow = Patterns("log/query"), Roles = ["builder"] },
            new PolicyAgent { Key = Print, Vms = [new VmSelector.All()], Deny = Patterns("vm/stop") },
            new PolicyAgent { Key = Principal.Anonymous, Deny = Patterns("vm/create") },
        ],
        Loopback = "watcher",
    });

    [Theory]
    [InlineData("x", "builder", "vm/create", "roles.builder.allow[0]")]
    [InlineData("x", "builder", "vm/start", "roles.builder.allow[1]")]
    [InlineData("x", "watcher", "vm/list", "roles.watcher.allow[0]")]
    [InlineData(Bot, "builder", "log/query", "agents.ci-bot.allow[0]")]
    [InlineData("x", "builder", "mcp/heartbeat", "mcp/heartbeat")]
    [InlineData("x", "nobody", "mcp/heartbeat", "mcp/heartbeat")]
    public void What_is_allowed_bears_its_rule(string agent, string role, string type, string rule)
    {
        var principal = new Principal(agent, role, "c");
        Assert.Equal(new Decision.Allowed(rule), Policy.Decide(principal, new PolicyQuestion(type)));
        Assert.Equal(rule, Policy.RuleFor(principal, type));
    }

    [Theory]
    [InlineData("x", "builder", "vm/exec", "roles.builder.deny[0]")]
    [InlineData("x", "builder", "log/query", "default-deny")]
    [InlineData("x", "watcher", "vm/create", "default-deny")]
    [InlineData("x", "king", "vm/list", "default-deny")]
    [InlineData(Bot, "builder", "vm/delete", "agents.ci-bot.deny[0]")]
    [InlineData(Bot, "watcher", "vm/list", "agents.ci-bot.roles")]
    [InlineData("anonymous", "builder", "vm/create", "agents.anonymous.deny[0]")]
    [InlineData("x", "builder", "terminal/input", "roles.builder.terminal")]
    public void What_is_denied_bears_its_rule(string agent, string role, string type, string rule)
    {
        var principal = new Principal(agent, role, "c");
        Assert.Equal(rule, Assert.IsType<Decision.Denied>(Policy.Decide(principal, new PolicyQuestion(type))).Rule);
        Assert.Null(Policy.RuleFor(principal, type));
    }

    [Theory]
    [InlineData(TerminalRole.Auditor, null)]
    [InlineData(TerminalRole.Operator, "roles.builder.terminal")]
    public void A_terminal_role_must_be_allowed_too(TerminalRole terminal, string? denied)
    {
        var decision = Policy.Decide(new Principal("x", "builder", "c"), new PolicyQuestion(MessageTypes.VmAttachTerminal, terminal));
        Assert.Equal(denied, (decision as Decision.Denied)?.Rule);
    }

    [Theory]
    [InlineData("x", "vm-bbbbbbbb", "x", "blue", "roles.builder.vms[0]")]
    [InlineData("x", "vm-bbbbbbbb", "y", "red", "roles.builder.vms[1]")]
    [InlineData("x", "vm-aaaaaaaa", "y", "blue", "roles.builder.vms[2]")]
    [InlineData("x", "vm-bbbbbbbb", "y", "blue", null)]
    public void A_VM_is_covered_by_owner_label_or_id(string agent, string id, string owner, string team, string? rule)
    {
        var vm = new VmFacts(InstanceId.Parse(id), owner, new Dictionary<string, string> { ["team"] = team });
        var principal = new Principal(agent, "builder", "c");
        var decision = Policy.Decide(principal, new PolicyQuestion("vm/start", Vm: vm));
        Assert.Equal(rule, (decision as Decision.Allowed)?.Scope);
        Assert.Equal(rule is not null, Policy.ScopeOf(principal).Covers(principal, vm));
        Assert.Equal(rule is null ? "roles.builder.vms" : "roles.builder.allow[1]", decision.Rule);
    }

    [Fact]
    public void The_VMs_of_an_agent_stand_in_place_of_its_roles()
    {
        var principal = new Principal(Print, "builder", "c");
        var vm = new VmFacts(Samples.Id, "y", new Dictionary<string, string>());
        Assert.Equal(new Decision.Allowed("roles.builder.allow[1]", $"agents.{Print}.vms[0]"), Policy.Decide(principal, new PolicyQuestion("vm/start", Vm: vm)));
    }

    [Fact]
    public void An_agent_has_the_rules_of_its_fingerprint_and_of_its_name()
    {
        var principal = new Principal(Print, "builder", "c", Bot);
        Assert.Equal($"agents.{Print}.deny[0]", Policy.Decide(principal, new PolicyQuestion("vm/stop")).Rule);
        Assert.Equal("agents.ci-bot.deny[0]", Policy.Decide(principal, new PolicyQuestion("vm/delete")).Rule);
    }

    [Theory]
    [InlineData("anonymous")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void A_name_finds_no_rules_of_fingerprints_nor_of_strangers(string name) =>
        Assert.Equal("roles.builder.vms", Policy.ScopeOf(new Principal("x", "builder", "c", name)).Id);

    [Fact]
    public void Roles_that_an_agent_may_take_are_narrowed_by_its_rules()
    {
        Assert.True(Policy.MayTake(Print, "watcher"));
        Assert.False(Policy.MayTake(Print, "watcher", Bot));
        Assert.True(Policy.MayTake(Print, "builder", Bot));
        Assert.False(Policy.MayTake(Print, "king"));
    }

    [Fact]
    public void A_role_says_what_is_recorded_audited_limited_and_permitted()
    {
        var (builder, watcher) = (new Principal("x", "builder", "c"), new Principal("x", "watcher", "c"));
        Assert.True(Policy.Records(builder) && !Policy.Records(watcher));
        Assert.True(Policy.Audits(watcher) && !Policy.Audits(builder));
        Assert.Equal((2, null), (Policy.LimitsOf("builder").Vcpus, Policy.LimitsOf("watcher").Vcpus));
        Assert.Equal(["vm/list"], Policy.PermissionsOf(watcher));
        Assert.Empty(Policy.PermissionsOf(new Principal("x", "king", "c")));
    }

    [Fact]
    public void Strangers_act_as_the_role_of_where_they_come_from()
    {
        Assert.Equal(new Principal("anonymous", "watcher", "c"), Policy.Anonymous(IPAddress.IPv6Loopback, "c"));
        Assert.Null(Policy.Anonymous(IPAddress.Parse("192.0.2.1"), "c"));
    }

    [Theory]
    [InlineData(nameof(BareAfterAuthorize.Auto), true, true)]
    [InlineData(nameof(BareAfterAuthorize.Auto), false, false)]
    [InlineData(nameof(BareAfterAuthorize.On), false, true)]
    [InlineData(nameof(BareAfterAuthorize.Off), true, false)]
    public void Bare_messages_after_a_grant_are_taken_where_nobody_else_can_write(string bare, bool guarded, bool taken) =>
        Assert.Equal(taken, new Policy(new PolicyData { Bare = Enum.Parse<BareAfterAuthorize>(bare) }).TakesBareAfterAuthorize(guarded));

    [Fact]
    public void The_gatekeeper_hands_on_the_rule()
    {
        var principal = new Principal("x", "builder", "c");
        Assert.True(Gatekeeper.TryAuthorise(Policy, principal, new PolicyQuestion("vm/start"), 1, "r", out var authorised, out _));
        Assert.Equal(("roles.builder.allow[1]", Policy.Digest), (authorised.Rule, authorised.Policy));
        Assert.False(Gatekeeper.TryAuthorise(Policy, principal, new PolicyQuestion("vm/exec"), 1, "r", out _, out var denied));
        Assert.Equal("roles.builder.deny[0]", denied.Rule);
    }

    private static PolicyRole Role(string name, string[] allow, string[] deny, TerminalRole[] terminal) =>
        new() { Name = name, Allow = Patterns(allow), Deny = Patterns(deny), Terminal = terminal };

    private static MessagePattern[] Patterns(params string[] texts) =>
        [.. texts.Select(text => MessagePattern.TryParse(text, out var pattern, out var problem) ? pattern : throw new ArgumentException(problem))];
}
