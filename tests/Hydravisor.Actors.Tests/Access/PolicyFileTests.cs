using Hydravisor.Actors.Access;
using Hydravisor.Actors.Setup;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Access;

/// <summary>The policy as an operator writes it.</summary>
public sealed class PolicyFileTests : IDisposable
{
    private const string Builder = "roles.builder { allow = [\"vm/*\"], deny = [\"vm/exec\"], terminal = [auditor], vms = [own, \"label:team=red\"], limits { ram = 4GB, vms = 2 } }";
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_shipped_roles_are_there_and_the_profiles_say_who_needs_no_credential()
    {
        var (development, node) = (PolicyTables.Shipped(), PolicyTables.Shipped("node"));
        Assert.Equal(["audited", "sandboxed", "trusted"], development.Data.Roles.Select(role => role.Name));
        Assert.Equal(("trusted", "none"), (development.Data.Loopback, development.Data.Remote));
        Assert.Equal(("none", "none"), (node.Data.Loopback, node.Data.Remote));
        Assert.Equal(new RoleLimits(4, 4L << 30, 20L << 30, 4, 100), node.LimitsOf("sandboxed"));
        Assert.Equal((TimeSpan.FromSeconds(60), BareAfterAuthorize.Auto), (node.Skew, node.Data.Bare));
        Assert.Equal(RoleLimits.None, node.LimitsOf("trusted"));
    }

    [Fact]
    public void A_file_adds_roles_and_agents_and_changes_shipped_ones_key_by_key()
    {
        var policy = Read(
            $$"""
            {{Builder}}
            roles.sandboxed { recorded = on, limits { vms = 8, ram = none } }
            agents { "ci-bot" { roles = [builder, sandboxed], deny = ["vm/delete"] } }
            agents."{{new string('b', 64)}}".vms = all
            recorded = [builder]
            bare-after-authorize = off
            skew = 5s
            """);
        Assert.Equal(new RoleLimits(4, null, 20L << 30, 8, 100), policy.LimitsOf("sandboxed"));
        Assert.Equal("roles.sandboxed.allow[2]", policy.RuleFor(new Principal("x", "sandboxed", "c"), "vm/state"));
        Assert.Equal("agents.ci-bot.deny[0]", policy.Decide(new Principal("ci-bot", "builder", "c"), new PolicyQuestion("vm/delete")).Rule);
        Assert.All(["builder", "sandboxed"], role => Assert.True(policy.Records(new Principal("x", role, "c"))));
        Assert.Equal((BareAfterAuthorize.Off, TimeSpan.FromSeconds(5)), (policy.Data.Bare, policy.Skew));
        Assert.Equal(
            [new VmSelector.Own(), new VmSelector.Labelled("team", "red")], policy.ScopeOf(new Principal("x", "builder", "c")).Selectors);
        Assert.Equal($"agents.{new string('b', 64)}.vms", policy.ScopeOf(new Principal(new string('b', 64), "builder", "c")).Id);
        Assert.True(policy.MayTake("ci-bot", "builder") && !policy.MayTake("ci-bot", "trusted"));
    }

    [Theory]
    [InlineData("roles.builder { vms = [own, \"label:team=red\"], deny = [\"vm/exec\"], allow = [\n\"vm/*\"\n], terminal = [\"auditor\"], limits { vms = 2, ram = 4096MB } }")]
    [InlineData("roles.builder.allow = [\"vm/*\"]\nroles.builder { deny = [\"vm/exec\"]\n terminal = [auditor], limits.vms = 2, vms = [\"own\", \"label:team=red\"] }\n"
        + "roles { builder { audited = false, recorded = no, limits { ram = \"4GB\" } } }\nagents.nobody {}")]
    public void Another_spelling_of_the_same_policy_has_the_same_digest(string spelling) => Assert.Equal(Read(Builder).Digest, Read(spelling).Digest);

    [Theory]
    [InlineData("")]
    [InlineData(Builder + "\nroles.builder.audited = on")]
    [InlineData(Builder + "\nroles.builder.vms = all")]
    [InlineData(Builder + "\nroles.builder.limits.vms = 3")]
    [InlineData(Builder + "\nagents.x.deny = [\"vm/list\"]")]
    [InlineData(Builder + "\nskew = 30s")]
    public void Another_policy_has_another_digest(string other) => Assert.NotEqual(Read(Builder).Digest, Read(other).Digest);

    [Theory]
    [InlineData("roles.x { alow = [] }", "hydravisor.policy.roles.x.alow", "allow, deny, terminal")]
    [InlineData("roles.x { limits { cpu = 1 } }", "hydravisor.policy.roles.x.limits.cpu", "vcpus, ram")]
    [InlineData("roles.x { allow = [\"vm/create\", \"vm/destroy\"] }", "hydravisor.policy.roles.x.allow[1] = vm/destroy", "vm/delete")]
    [InlineData("roles.x { allow = [\"cluster/*\"] }", "hydravisor.policy.roles.x.allow[0]", "vm/*")]
    [InlineData("roles.x { deny = [\"mcp/heartbeat\"] }", "hydravisor.policy.roles.x.deny[0]", "answered always")]
    [InlineData("roles.x { allow = [\"model/log\"] }", "hydravisor.policy.roles.x.allow[0]", "only the server")]
    [InlineData("roles.x { allow = \"vm/*\" }", "hydravisor.policy.roles.x.allow is a list", "[\"vm/create\"")]
    [InlineData("roles.x { allow = [[\"vm/*\"]] }", "hydravisor.policy.roles.x.allow[0]", "one word")]
    [InlineData("roles.x { allow { a = 1 } }", "hydravisor.policy.roles.x.allow is a list", "[\"vm/create\"")]
    [InlineData("roles.x { terminal = [root] }", "hydravisor.policy.roles.x.terminal[0] = root", "operator or auditor")]
    [InlineData("roles.x { vms = mine }", "hydravisor.policy.roles.x.vms = mine", "own, all, label:KEY=VALUE")]
    [InlineData("roles.x { vms = [\"label:team\"] }", "hydravisor.policy.roles.x.vms[0]", "label:team=red")]
    [InlineData("roles.x { vms = [\"id:web\"] }", "hydravisor.policy.roles.x.vms[0]", "hexadecimal")]
    [InlineData("roles.x { audited = maybe }", "hydravisor.policy.roles.x.audited", "on or off")]
    [InlineData("roles.x { audited = [on] }", "hydravisor.policy.roles.x.audited", "one word")]
    [InlineData("roles.x { limits { vcpus = -1 } }", "hydravisor.policy.roles.x.limits.vcpus = \"-1\"", "0 or more")]
    [InlineData("roles.x { limits { ram = \"-4GB\" } }", "hydravisor.policy.roles.x.limits.ram", "such as \"4GB\"")]
    [InlineData("roles.x { limits = 4 }", "hydravisor.policy.roles.x.limits is a group", "{ … }")]
    [InlineData("roles.x = trusted", "hydravisor.policy.roles.x is a group", "{ … }")]
    [InlineData("roles = [trusted]", "hydravisor.policy.roles is a group", "{ … }")]
    [InlineData("roles.none {}", "hydravisor.policy.roles.none", "is not none")]
    [InlineData("roles.Big {}", "hydravisor.policy.roles.Big", "1 to 40 of a-z")]
    [InlineData("agents.CI {}", "hydravisor.policy.agents.CI", "fingerprint")]
    [InlineData("agents.ci { role = x }", "hydravisor.policy.agents.ci.role", "roles, allow, deny, vms")]
    [InlineData("agents.ci { roles = [king] }", "hydravisor.policy.agents.ci.roles = king", "audited, sandboxed, trusted")]
    [InlineData("agents.anonymous { roles = [trusted] }", "hydravisor.policy.agents.anonymous.roles", "anonymous.loopback")]
    [InlineData("anonymous.remote = king", "hydravisor.policy.anonymous.remote = king", "none, audited, sandboxed, trusted")]
    [InlineData("recorded = [king]", "hydravisor.policy.recorded = king", "audited, sandboxed, trusted")]
    [InlineData("recorded = trusted", "hydravisor.policy.recorded is a list", "[trusted]")]
    [InlineData("bare-after-authorize = maybe", "hydravisor.policy.bare-after-authorize", "auto, on, off")]
    [InlineData("skew = soon", "hydravisor.policy.skew", "a time")]
    [InlineData("default = allow", "hydravisor.policy.default", "anonymous, bare-after-authorize, recorded, roles, skew")]
    public void What_is_wrong_is_refused_with_file_key_and_what_would_be_right(string line, string key, string right)
    {
        var error = Assert.Throws<SettingException>(() => Read(line));
        Assert.All(["hydravisor.conf: ", key, right], word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_shipped_pattern_names_every_message_of_its_group()
    {
        // What is about nodes is no sandboxed agent's business, nor is what it was recorded doing.
        var sandboxed = PolicyTables.Shipped().PermissionsOf(new Principal("x", "sandboxed", "c"));
        Assert.Equal(
            MessageCatalogue.Client.Select(entry => entry.WireType)
                .Where(type => type is not (MessageTypes.Heartbeat or MessageTypes.RecordingQuery) && !type.StartsWith("node/", StringComparison.Ordinal)),
            sandboxed);
    }

    private Policy Read(string policy)
    {
        File.WriteAllText(Path.Combine(_directory.Path, "hydravisor.conf"), $"hydravisor {{ policy {{\n{policy}\n}} }}");
        return NodeSettings.Read(NodeConfig.Load(
            Path.Combine(AppContext.BaseDirectory, "hocon"), "node", variable => variable == "HYDRAVISOR_DATA" ? _directory.Path : null)).Policy;
    }
}
