using System.CommandLine;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Setup;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor agent …</c>: who has a key to the node, or to all nodes of a cluster. No node is needed for it; those that run know of each change at once.</summary>
internal static class AgentVerbs
{
    private static readonly Option<string?> Data = DataPlace.Option();

    /// <summary>The group of verbs.</summary>
    public static Command Build() => new("agent", "Add, list, freeze and revoke agents, and give them new keys.")
    {
        Data,
        Add(),
        List(),
        Rotate(),
        Revoke(),
        AgentFreezeVerbs.Freeze(),
        AgentFreezeVerbs.Thaw(),
        AgentMigrateVerb.Build(),
    };

    private static Command Add()
    {
        var role = new Option<string[]>("--role")
        {
            Description = "A role that it may take: 1 to 40 of a-z, 0-9 and -. Once for each role",
            HelpName = "ROLE",
            Required = true,
        };
        var name = new Option<string?>("--name") { Description = "What people call it: 1 to 40 of a-z, 0-9 and -", HelpName = "NAME" };
        var (output, certificate) = (KeyOutput(), CertificateOption());
        var verb = new Command("add", "Add an agent, and show its key this once; or one that shows a certificate") { role, name, certificate, output };
        return On(verb, async (parsed, environment, agents, stop) =>
        {
            var key = KeyOf(parsed.GetValue(certificate), environment.Time.GetUtcNow());
            var agent = Agent.New(key, parsed.GetRequiredValue(role), parsed.GetValue(name));
            try
            {
                AgentRules.Check(agent);
            }
            catch (AgentException wrong)
            {
                throw new VerbFailure(TerminalText.Of(wrong.Message), ExitCode.Usage);
            }

            var isNew = agents.IsFile && !Directory.Exists(agents.Directory);
            await agents.Store.ChangeAsync(book => book.Add(agent), stop);
            if (isNew)
            {
                await environment.Error.WriteLineAsync(
                    $"There was no {TerminalText.Of(agents.Directory)}: it was made. The agent is known to a node with this data directory only.");
            }

            // The policy may be another one on the nodes, or have the role tomorrow.
            foreach (var unknown in agent.Roles.Except(agents.Roles))
            {
                await environment.Error.WriteLineAsync(
                    $"The policy here has no role {TerminalText.Of(unknown)}: until it has, the agent cannot take it. There are: {string.Join(", ", agents.Roles)}.");
            }

            new AgentOutput(environment, parsed.GetValue(output) == "json").KeyOnce(agent, key, formerUntil: null);
        });
    }

    private static Command List()
    {
        var output = new Option<string>("--output", "-o") { Description = "table for people, json for programs", DefaultValueFactory = _ => "table" }
            .AcceptOnlyFromAmong("table", "json");
        var verb = new Command("list", "List the agents, also revoked ones; never their keys") { output };
        return On(verb, async (parsed, environment, agents, stop) =>
            new AgentOutput(environment, parsed.GetValue(output) == "json").List((await agents.Store.ReadAsync(stop)).Agents));
    }

    private static Command Rotate()
    {
        var who = Who();
        var overlap = new Option<string>("--overlap")
        {
            Description = "How long its former keys are valid yet: 90s, 30m, 24h, 7d; 0: no more",
            HelpName = "TIME",
            DefaultValueFactory = _ => "24h",
        };
        var (output, certificate) = (KeyOutput(), CertificateOption());
        var verb = new Command("rotate", "Give an agent a new key, and show it this once; the agent stays the same, with its VMs") { who, overlap, certificate, output };
        return On(verb, async (parsed, environment, agents, stop) =>
        {
            var beside = SpanText.Parse("--overlap", parsed.GetRequiredValue(overlap), AgentRules.OverlapMax);
            var text = parsed.GetRequiredValue(who);
            var key = KeyOf(parsed.GetValue(certificate), environment.Time.GetUtcNow());
            var book = await agents.Store.ChangeAsync(before => before.Rotate(before.Resolve(text).Fingerprint, key, beside), stop);
            var agent = book.Find(key.Fingerprint, key.CreatedAt)!.Agent;
            new AgentOutput(environment, parsed.GetValue(output) == "json")
                .KeyOnce(agent, key, agent.Keys.Where(each => each != key).Max(each => each.ExpiresAt));
        });
    }

    private static Command Revoke()
    {
        var who = Who();
        var verb = new Command("revoke", "Let nobody in as this agent any more; for good") { who };
        return On(verb, async (parsed, environment, agents, stop) =>
        {
            var text = parsed.GetRequiredValue(who);
            var revoked = "";
            await agents.Store.ChangeAsync(
                book =>
                {
                    revoked = book.Resolve(text).Fingerprint;
                    return book.Revoke(revoked, environment.Time.GetUtcNow());
                },
                stop);
            await environment.Output.WriteLineAsync($"{revoked} revoked");
        });
    }

    private static Option<string?> CertificateOption() => new("--certificate")
    {
        Description = "The agent's client certificate (PEM), in place of a new key: it needs no key where it connects with that over TLS",
        HelpName = "FILE",
    };

    private static AgentKey KeyOf(string? certificateFile, DateTimeOffset now)
    {
        if (certificateFile is null)
        {
            return AgentKey.New(now);
        }

        using var certificate = TlsFiles.First(certificateFile, "--certificate");
        var key = AgentKey.OfCertificate(certificate.RawData, now);
        return key.IsValid(now)
            ? key
            : throw new VerbFailure($"--certificate: the certificate in \"{TerminalText.Of(certificateFile)}\" has expired, on {PlainTable.Time(key.ExpiresAt!.Value)}.", ExitCode.Usage);
    }

    /// <summary>The agent that a person means.</summary>
    internal static Argument<string> Who() => new("AGENT") { Description = "Its name, its fingerprint, or at least the first 8 digits of that" };

    private static Option<string> KeyOutput() =>
        new Option<string>("--output", "-o") { Description = "text for people, json for programs", DefaultValueFactory = _ => "text" }
            .AcceptOnlyFromAmong("text", "json");

    /// <summary>Has a verb work on the agents, and say what went wrong.</summary>
    internal static Command On(Command command, Func<ParseResult, VerbEnvironment, AgentPlace, CancellationToken, Task> run)
    {
        command.SetAction((parsed, cancellation) => LocalVerb.RunAsync(
            parsed,
            async environment =>
            {
                await run(parsed, environment, AgentPlace.Of(DataPlace.SettingsOf(environment, parsed.GetValue(Data)), environment.Time), cancellation);
                return ExitCode.Ok;
            },
            wrong => wrong is AgentException or SettingException ? ExitCode.Refused : null,
            cancellation));
        return command;
    }
}
