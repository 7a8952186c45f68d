using System.Text.RegularExpressions;
using Akka.Configuration;
using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Setup;

/// <summary>Reads <c>hydravisor.policy</c>.</summary>
internal static partial class PolicyReader
{
    /// <summary>Where it stands.</summary>
    public const string Path = "hydravisor.policy";

    private static readonly string[] LimitKeys = ["vcpus", "ram", "disk", "vms", "messages-per-second", "log-subscriptions"];

    /// <summary>The groups whose keys are names that a person chose.</summary>
    public static IReadOnlyList<string> FreeGroups { get; } = [Path + ".roles", Path + ".agents"];

    /// <summary>Reads the policy.</summary>
    /// <param name="config">The configuration of a node.</param>
    /// <exception cref="SettingException">It cannot be used.</exception>
    public static Policy Read(Config config)
    {
        var settings = new SettingsReader(config.GetConfig(Path) ?? Config.Empty, Path);
        var policy = GroupReader.Of(config.GetConfig(Path)?.Root, Path);
        var (roles, agents) = (policy.In("roles"), policy.In("agents"));
        var anonymous = policy.In("anonymous", "loopback", "remote");
        try
        {
            return new Policy(new PolicyData
            {
                Roles = [.. roles.Keys.Select(name => Role(roles, name))],
                Agents = [.. agents.Keys.Select(key => Agent(agents, key))],
                Loopback = anonymous.Word("loopback") ?? PolicyData.NoRole,
                Remote = anonymous.Word("remote") ?? PolicyData.NoRole,
                Recorded = policy.List("recorded", "[trusted]", Name),
                Bare = Enum.Parse<BareAfterAuthorize>(settings.OneOf("bare-after-authorize", "auto", "on", "off"), ignoreCase: true),
                Skew = settings.Time("skew"),
            });
        }
        catch (ArgumentException e)
        {
            throw new SettingException(e.Message);
        }
    }

    private static PolicyRole Role(GroupReader roles, string name)
    {
        if (name == PolicyData.NoRole || !RoleName().IsMatch(name))
        {
            throw new SettingException($"{roles.Path}.{name}: a role's name is 1 to 40 of a-z, 0-9 and -, begins with a letter, and is not {PolicyData.NoRole}");
        }

        var role = roles.In(name, "allow", "deny", "terminal", "vms", "audited", "recorded", "limits");
        var limits = role.In("limits", LimitKeys);
        return new PolicyRole
        {
            Name = name,
            Allow = Messages(role, "allow"),
            Deny = Messages(role, "deny"),
            Terminal = role.List("terminal", "[operator, auditor]", Terminal),
            Vms = role.Has("vms") ? Vms(role) : [new VmSelector.Own()],
            Audited = role.Switch("audited"),
            Recorded = role.Switch("recorded"),
            Limits = new RoleLimits(
                limits.Number("vcpus"),
                limits.Size("ram"),
                limits.Size("disk"),
                limits.Number("vms"),
                limits.Number("messages-per-second"),
                limits.Number("log-subscriptions")),
        };
    }

    private static PolicyAgent Agent(GroupReader agents, string key)
    {
        if (!AgentKey().IsMatch(key))
        {
            throw new SettingException(
                $"{agents.Path}.{key}: an agent stands here under its fingerprint (64 hexadecimal digits in lower case), under its name "
                + $"(1 to 64 of a-z, 0-9 and -, which begins with a letter or a digit), or as {Principal.Anonymous}");
        }

        var agent = agents.In(key, "roles", "allow", "deny", "vms");
        if (key == Principal.Anonymous && agent.Has("roles"))
        {
            throw new SettingException($"{agent.Path}.roles: the roles of connections without a credential are {Path}.anonymous.loopback and .remote");
        }

        return new PolicyAgent
        {
            Key = key,
            Roles = agent.Has("roles") ? agent.List("roles", "[sandboxed]", Name) : null,
            Allow = Messages(agent, "allow"),
            Deny = Messages(agent, "deny"),
            Vms = agent.Has("vms") ? Vms(agent) : null,
        };
    }

    private static IReadOnlyList<MessagePattern> Messages(GroupReader group, string key) => group.List(
        key,
        "[\"vm/create\", \"log/*\"]",
        text => MessagePattern.TryParse(text, out var pattern, out var problem) ? (pattern, null) : ((MessagePattern?)null, problem));

    private static IReadOnlyList<VmSelector> Vms(GroupReader group) => group.ListOrWord(
        "vms",
        "[own, \"label:team=red\"], own or all",
        text => VmSelector.TryParse(text, out var selector, out var problem) ? (selector, null) : ((VmSelector?)null, problem));

    private static (TerminalRole Value, string? Problem) Terminal(string text) =>
        TerminalRoleNames.TryParse(text, out var role) ? (role, null) : (role, $"{text}: it must be operator or auditor");

    private static (string? Value, string? Problem) Name(string text) => (text, null);

    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,39}\z")]
    private static partial Regex RoleName();

    [GeneratedRegex(@"^[a-z0-9][a-z0-9-]{0,63}\z")]
    private static partial Regex AgentKey();
}
