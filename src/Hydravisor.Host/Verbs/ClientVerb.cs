using System.CommandLine;
using System.CommandLine.Parsing;
using Hydravisor.Client;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary>
/// The options that every verb of a client has, and how such a verb runs: connect, do it, and turn whatever goes wrong into a
/// line and an exit code.
/// </summary>
internal sealed class ClientVerb
{
    private readonly Option<string?> _connect = new("--connect")
    {
        Description = $"The node (HOST:PORT); else HYDRAVISOR_CONNECT, HYDRAVISOR_LISTEN, {NodeAddress.Default}",
        HelpName = "HOST:PORT",
        Recursive = true,
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "Sign with the agent's key in this file (base64, or what \"agent add -o json\" printed); else HYDRAVISOR_KEY names the file",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>Has a long name too, since at a terminal <c>--role</c> is that of the terminal.</summary>
    private readonly Option<string?> _role = new("--agent-role", "--role")
    {
        Description = "With a key: the role to act in; else HYDRAVISOR_ROLE, or what the key's file says",
        HelpName = "ROLE",
        Recursive = true,
    };

    private readonly TlsOption _tls = new();

    private readonly Option<string> _output = new Option<string>("--output", "-o")
    {
        Description = "table for people, json for programs (the objects of the wire)",
        DefaultValueFactory = _ => "table",
        Recursive = true,
    }.AcceptOnlyFromAmong("table", "json");

    /// <summary>Gives the options to a group of verbs.</summary>
    public void AddTo(Command group)
    {
        AddConnectionTo(group);
        group.Options.Add(_output);
    }

    /// <summary>Gives those that say which node to a group of verbs, of which each has an output of its own.</summary>
    public void AddConnectionTo(Command group)
    {
        group.Options.Add(_connect);
        group.Options.Add(_key);
        group.Options.Add(_role);
        _tls.AddTo(group);
    }

    /// <summary>Lets a command run as a verb of a client.</summary>
    public Command On(Command command, Func<VerbCall, CancellationToken, Task> run)
    {
        command.SetAction((parsed, cancellation) => RunAsync(parsed, run, cancellation));
        return command;
    }

    /// <summary>Whether a node is named on the command line.</summary>
    public bool IsMeant(SymbolResult parsed) => parsed.GetResult(_connect) is not null;

    /// <summary>Runs a verb of a client.</summary>
    public async Task<int> RunAsync(
        ParseResult parsed, Func<VerbCall, CancellationToken, Task> run, CancellationToken cancellation)
    {
        var environment = parsed.InvocationConfiguration as VerbEnvironment ?? VerbEnvironment.OfProcess();
        var (exitCode, fault) = await AttemptAsync(parsed, environment, run, cancellation);
        if (fault is not null)
        {
            await environment.Error.WriteLineAsync($"hydravisor: {TerminalText.Of(fault)}");
        }

        return exitCode;
    }

    private async Task<(int ExitCode, string? Fault)> AttemptAsync(
        ParseResult parsed,
        VerbEnvironment environment,
        Func<VerbCall, CancellationToken, Task> run,
        CancellationToken cancellation)
    {
        try
        {
            var address = NodeAddress.Of(parsed.GetValue(_connect), environment.Variable);
            var tls = _tls.Of(parsed).Read(environment.Variable);
            var credential = AgentKeyFile.Read(parsed.GetValue(_key), parsed.GetValue(_role), tls?.Certificate, environment.Variable);
            var options = new HydravisorClientOptions { Credential = credential, Tls = tls };
            await using var client = await HydravisorClient.ConnectAsync(address.Host, address.Port, options, cancellation);
            var output = new VmOutput(environment, parsed.GetValue(_output) == "json");
            await run(new VerbCall(parsed, environment, client, output), cancellation);
            return (ExitCode.Ok, null);
        }
        catch (VerbFailure failure)
        {
            return (failure.ExitCode, failure.Message.Length == 0 ? null : failure.Message);
        }
        catch (HydravisorException refused)
        {
            return (ExitCode.Refused, $"{refused.Message} ({Details(refused)})");
        }
        catch (HydravisorConnectionException lost)
        {
            return (ExitCode.NoConnection, $"{lost.Message} To start a node run: scripts/up");
        }
        catch (Exception strange) when (strange is TimeoutException or ProtocolException)
        {
            return (ExitCode.Refused, strange.Message);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return (ExitCode.Interrupted, null);
        }
    }

    private static string Details(HydravisorException refused) =>
        $"{(int)refused.Code}"
        + (refused.Rule is { } rule ? $", rule {rule}" : "")
        + (refused.ErrorId is { } errorId ? $", {errorId} in the node's log" : "");
}

/// <summary>One run of a verb.</summary>
/// <param name="Parsed">The command line.</param>
/// <param name="Environment">The process around it.</param>
/// <param name="Client">The connection.</param>
/// <param name="Output">Where results go.</param>
internal sealed record VerbCall(ParseResult Parsed, VerbEnvironment Environment, HydravisorClient Client, VmOutput Output);
