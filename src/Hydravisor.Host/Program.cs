using System.CommandLine;
using System.CommandLine.Invocation;
using Hydravisor.Host.Serve;
using Hydravisor.Host.Verbs;

namespace Hydravisor.Host;

/// <summary>The program's one command tree. Nothing here may touch a type of Akka: client verbs must start quickly.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) => RunAsync(args, VerbEnvironment.OfProcess());

    /// <summary>Every group of verbs has one line here.</summary>
    internal static RootCommand Build()
    {
        var root = new RootCommand("Hydravisor gives agents virtual machines that a person can watch, audit and trust.")
        {
            ServeVerb.Build(),
            VmVerbs.Build(),
            NodeVerbs.Build(),
            ImageVerbs.Build(),
            RecordingVerbs.Build(),
            AgentVerbs.Build(),
            PolicyVerbs.Build(),
            AuditVerbs.Build(),
            JournalVerbs.Build(),
            DoctorVerb.Build(),
        };
        NameAlso("list", "ls", root);
        NameAlso("delete", "rm", root);
        return root;
    }

    // As the programs beside which it is used call the same.
    private static void NameAlso(string name, string other, Command above)
    {
        foreach (var command in above.Subcommands)
        {
            if (command.Name == name)
            {
                command.Aliases.Add(other);
            }

            NameAlso(name, other, command);
        }
    }

    /// <summary>Runs a command line; answers its exit code (<see cref="ExitCode"/>).</summary>
    internal static async Task<int> RunAsync(IReadOnlyList<string> args, VerbEnvironment environment)
    {
        // No response files: an argument that begins with @ is just that.
        var parsed = Build().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is not ParseErrorAction usage)
        {
            if (parsed.CommandResult.Command.Name == ServeVerb.Name)
            {
                // A node hears the signals itself and takes the time that an orderly end takes.
                environment.ProcessTerminationTimeout = null;
            }

            return await parsed.InvokeAsync(environment);
        }

        // Everything to stderr, so that stdout holds results only; the whole help only where a verb is still to be chosen.
        usage.ShowHelp = parsed.CommandResult.Command.Subcommands.Count > 0;
        await parsed.InvokeAsync(new InvocationConfiguration { Output = environment.Error, Error = environment.Error });
        if (!usage.ShowHelp)
        {
            await environment.Error.WriteLineAsync($"Try: hydravisor {VerbPath(parsed.CommandResult.Command)} --help");
        }

        return ExitCode.Usage;
    }

    private static string VerbPath(Command command) =>
        string.Join(
            ' ',
            command.Parents.OfType<Command>().Where(parent => parent is not RootCommand).Select(VerbPath).Append(command.Name));
}
