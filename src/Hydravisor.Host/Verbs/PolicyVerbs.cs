using System.CommandLine;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Setup;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor policy …</c>: whether the policy is right, and what it allows. No node is needed for it.</summary>
internal static class PolicyVerbs
{
    private static readonly Option<string> Profile = MakeProfile();

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "The node's data directory (also HYDRAVISOR_DATA)",
        HelpName = "DIRECTORY",
        Recursive = true,
    };

    /// <summary>The group of verbs.</summary>
    public static Command Build() => new("policy", "Validate the policy, and ask it who may do what and by which rule.")
    {
        Profile,
        Data,
        Validate(),
        Check(),
    };

    private static Command Validate()
    {
        var file = new Argument<string?>("FILE")
        {
            Description = "Read this file instead of hydravisor.conf in the data directory",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var verb = new Command("validate", "Read the configuration as a node would; say what is wrong, or what the policy is") { file };
        return On(verb, (parsed, environment) =>
        {
            new PolicyOutput(environment).Show(Load(parsed, environment, parsed.GetValue(file)));
            return ExitCode.Ok;
        });
    }

    private static Command Check()
    {
        var agent = new Option<string>("--agent") { Description = "Who asks: a fingerprint, a name, or anonymous", HelpName = "AGENT", Required = true };
        var role = new Option<string>("--role") { Description = "The role it acts in", HelpName = "ROLE", Required = true };
        var type = new Option<string>("--type") { Description = "The message it sends, such as vm/delete", HelpName = "TYPE", Required = true };
        type.AcceptOnlyFromAmong([.. MessageCatalogue.Client.Select(entry => entry.WireType)]);
        var terminal = new Option<string?>("--terminal") { Description = "What it wants to be at the terminal" };
        terminal.AcceptOnlyFromAmong("operator", "auditor");
        var owner = new Option<string?>("--vm-owner") { Description = "The agent that made the VM: as --agent", HelpName = "AGENT" };
        var id = new Option<string?>("--vm-id") { Description = "The VM's id", HelpName = "VM" };
        var label = VmVerbs.LabelOption("A label of the VM");
        var file = new Option<string?>("--file") { Description = "Read this file instead of hydravisor.conf in the data directory", HelpName = "FILE" };
        var output = new Option<string>("--output", "-o") { Description = "text for people, json for programs", DefaultValueFactory = _ => "text" }
            .AcceptOnlyFromAmong("text", "json");
        var verb = new Command("check", "Ask the policy, and say which rule decides. Ends with 1 where it is denied") { agent, role, type, terminal, owner, id, label, file, output };
        return On(verb, (parsed, environment) =>
        {
            var policy = Load(parsed, environment, parsed.GetValue(file));
            var principal = new Principal(AgentOf(parsed.GetRequiredValue(agent)), RoleOf(policy, parsed.GetRequiredValue(role)), "check");
            var question = new PolicyQuestion(
                parsed.GetRequiredValue(type),
                TerminalRoleNames.TryParse(parsed.GetValue(terminal), out var wanted) ? wanted : null,
                Facts(parsed.GetValue(owner) is { } made ? AgentOf(made) : null, parsed.GetValue(id), VmVerbs.Labels(parsed.GetValue(label))));
            var decision = policy.Decide(principal, question);
            new PolicyOutput(environment).Explain(policy, principal, question, decision, parsed.GetValue(output) == "json");
            return decision.IsAllowed ? ExitCode.Ok : ExitCode.Refused;
        });
    }

    // A fingerprint may come from a program that writes it in capitals.
    private static string AgentOf(string agent) =>
        agent.Length == 0 ? throw new VerbFailure("An agent is empty: it must be a fingerprint, a name, or anonymous", ExitCode.Usage)
        : Principal.IsFingerprint(agent.ToLowerInvariant()) ? agent.ToLowerInvariant()
        : agent;

    private static string RoleOf(Policy policy, string role) =>
        policy.Data.Roles.Any(each => each.Name == role)
            ? role
            : throw new VerbFailure(
                $"--role {TerminalText.Of(role)}: there is no such role. There are: {string.Join(", ", policy.Data.Roles.Select(each => each.Name))}", ExitCode.Usage);

    // What is not said of the VM fits no rule: its owner is nobody, and its id none that was ever given.
    private static VmFacts? Facts(string? owner, string? id, IReadOnlyDictionary<string, string>? labels)
    {
        if (owner is null && id is null && labels is null)
        {
            return null;
        }

        return InstanceId.TryParse(id ?? "vm-00000000", out var parsed)
            ? new VmFacts(parsed, owner ?? "", labels ?? new Dictionary<string, string>())
            : throw new VerbFailure($"--vm-id {TerminalText.Of(id!)}: {InstanceId.Form}", ExitCode.Usage);
    }

    private static Policy Load(ParseResult parsed, VerbEnvironment environment, string? file) => NodeSettings.Read(NodeConfig.Load(
        Path.Combine(AppContext.BaseDirectory, "hocon"),
        parsed.GetRequiredValue(Profile),
        name => name == "HYDRAVISOR_DATA" && parsed.GetValue(Data) is { } data ? Path.GetFullPath(data) : environment.Variable(name),
        file is null ? null : Path.GetFullPath(file))).Policy;

    private static Option<string> MakeProfile()
    {
        // As serve, so that the same words read the same configuration.
        var profile = new Option<string>("--profile")
        {
            Description = "Which shipped profile to start from",
            DefaultValueFactory = _ => "development",
            Recursive = true,
        };
        profile.AcceptOnlyFromAmong([.. NodeConfig.Profiles]);
        return profile;
    }

    private static Command On(Command command, Func<ParseResult, VerbEnvironment, int> run)
    {
        command.SetAction(parsed =>
        {
            var environment = parsed.InvocationConfiguration as VerbEnvironment ?? VerbEnvironment.OfProcess();
            try
            {
                return run(parsed, environment);
            }
            catch (VerbFailure failure)
            {
                environment.Error.WriteLine($"hydravisor: {failure.Message}");
                return failure.ExitCode;
            }
            catch (SettingException wrong)
            {
                environment.Error.WriteLine($"hydravisor: {TerminalText.Of(wrong.Message)}");
                return ExitCode.Refused;
            }
        });
        return command;
    }
}
