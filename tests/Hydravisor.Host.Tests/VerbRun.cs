using Hydravisor.Client.Tests;
using Hydravisor.Host.Verbs;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

/// <summary>One run of the program inside the test, against a scripted node.</summary>
internal sealed class VerbRun : IAsyncDisposable
{
    private readonly ScriptedServer _server = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly HeardWriter _error = new() { NewLine = "\n" };
    private Task<int> _exit = Task.FromResult(-1);

    public Dictionary<string, string> Variables { get; } = [];

    public bool OutputIsTerminal { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What the program reads.</summary>
    public string Input { get; init; } = "";

    /// <summary>What it wrote that is no text.</summary>
    public MemoryStream OutputBytes { get; } = new();

    /// <summary>What was given to the shell, and what the shell answers.</summary>
    public List<string> Shelled { get; } = [];

    public int ShellExitCode { get; init; }

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    public string Address => _server.Address;

    /// <summary>Runs the program to its end, which comes before it has connected anywhere.</summary>
    public Task<int> RunAsync(params string[] args)
    {
        Start(args);
        return ExitAsync();
    }

    /// <summary>Starts the program and takes its connection.</summary>
    public async Task<ScriptedPeer> ConnectAsync(params string[] args)
    {
        var accepted = _server.AcceptAsync();
        Start([args[0], "--connect", Address, .. args[1..]]);
        return await accepted;
    }

    /// <summary>Starts a verb, and answers its one message.</summary>
    public async Task<T> AnswerAsync<T>(ServerMessage reply, params string[] args)
        where T : ClientMessage
    {
        using var peer = await ConnectAsync(args);
        var sent = await peer.AnswerAsync<T>(_ => reply);
        await ExitAsync();
        return sent;
    }

    public void Start(params string[] args) => _exit = Program.RunAsync(args, new VerbEnvironment
    {
        Variable = name => Variables.GetValueOrDefault(name),
        OutputIsTerminal = OutputIsTerminal,
        Input = new StringReader(Input),
        OutputBytes = OutputBytes,
        Shell = command =>
        {
            Shelled.Add(command);
            return Task.FromResult(ShellExitCode);
        },
        Output = _output,
        Error = _error,
        Time = Time,
    });

    /// <summary>Waits until it has written a line with this to its standard error.</summary>
    public Task SaysAsync(string text) => _error.SaysAsync(text);

    public Task<int> ExitAsync() => _exit.WaitAsync(ScriptedServer.Patience);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
