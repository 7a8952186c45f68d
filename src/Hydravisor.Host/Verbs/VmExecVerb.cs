using System.CommandLine;
using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary><c>hydravisor vm exec</c>: a command in a guest, whose outputs and exit code become this program's own.</summary>
internal static class VmExecVerb
{
    /// <summary>The verb.</summary>
    public static Command Build(ClientVerb verb)
    {
        var target = VmVerbs.Target();
        var command = new Argument<string[]>("COMMAND")
        {
            Description = "What to run, after --: one word is for the guest's shell, more are a program, by its path or as the guest's shell finds it, and its arguments",
            Arity = ArgumentArity.OneOrMore,
        };
        var timeout = new Option<long?>("--timeout")
        {
            Description = $"Kill it after so many seconds (1 to {Limits.ExecSecondsMax}; {Limits.ExecSecondsDefault})",
            HelpName = "SECONDS",
            CustomParser = VmVerbs.WholeNumber,
        };
        var stdin = new Option<bool>("--stdin", "-i") { Description = "Hand it what this program reads, to its end" };
        var exec = new Command("exec", $"Run a command in the guest; ends as it ends, and with {ExitCode.NotRun} where it did not run")
        {
            target, command, timeout, stdin,
        };
        return verb.On(exec, async (call, stop) =>
        {
            var id = await VmTarget.ResolveAsync(call.Client, call.Parsed.GetRequiredValue(target), stop);
            var words = call.Parsed.GetRequiredValue(command);
            var reply = await RunAsync(call, new VmExec
            {
                InstanceId = id,
                Command = words.Length == 1 ? words[0] : null,
                Argv = words.Length == 1 ? null : Argv(words),
                TimeoutS = call.Parsed.GetValue(timeout),
                Stdin = call.Parsed.GetValue(stdin) ? await call.Environment.Input.ReadToEndAsync(stop) : null,
            }, stop);
            await ShowAsync(call, reply, id);
            if (reply.ExitCode != 0)
            {
                throw new VerbFailure("", (int)reply.ExitCode);
            }
        });
    }

    // The message wants a path; a person says what they would say to a shell, whose 127 tells them that there is no such program.
    private static string[] Argv(string[] words) => words[0].StartsWith('/') ? words : ["/bin/sh", "-c", "exec \"$@\"", "sh", .. words];

    private static async Task<ExecReply> RunAsync(VerbCall call, VmExec exec, CancellationToken stop)
    {
        try
        {
            return await call.Client.ExecAsync(exec, stop);
        }
        catch (HydravisorException refused)
        {
            throw new VerbFailure($"{refused.Message} ({(int)refused.Code})", ExitCode.NotRun);
        }
    }

    private static async Task ShowAsync(VerbCall call, ExecReply reply, string id)
    {
        if (call.Output.IsJson)
        {
            call.Output.Outcome(reply, id, "");
            return;
        }

        await WriteAsync(call.Environment, call.Environment.Output, reply.Stdout, reply.StdoutB64);
        await WriteAsync(call.Environment, call.Environment.Error, reply.Stderr, reply.StderrB64);
        if (reply.Truncated)
        {
            await call.Environment.Error.WriteLineAsync($"hydravisor: it wrote more than {Limits.ExecOutputBytesMax >> 10} KiB; the rest is dropped");
        }
    }

    // A guest is not trusted with a person's terminal: there its control characters are shown, not sent.
    private static string Shown(string text) =>
        string.Join('\n', text.Split('\n').Select(line => string.Join('\t', line.TrimEnd('\r').Split('\t').Select(TerminalText.Of))));

    private static async Task WriteAsync(VerbEnvironment environment, TextWriter to, string? text, string? base64)
    {
        if (text is not null)
        {
            await to.WriteAsync(environment.OutputIsTerminal ? Shown(text) : text);
        }
        else if (environment.OutputIsTerminal || environment.OutputBytes is null || to != environment.Output)
        {
            await to.WriteLineAsync(base64);
        }
        else
        {
            await to.FlushAsync();
            await environment.OutputBytes.WriteAsync(Convert.FromBase64String(base64!));
            await environment.OutputBytes.FlushAsync();
        }
    }
}
