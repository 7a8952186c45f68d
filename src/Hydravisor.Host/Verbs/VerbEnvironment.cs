using System.CommandLine;
using System.Diagnostics;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Verbs;

/// <summary>What a verb sees of the process around it; tests give their own.</summary>
internal sealed class VerbEnvironment : InvocationConfiguration
{
    /// <summary>Environment variables.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Whether a person looks at the output.</summary>
    public required bool OutputIsTerminal { get; init; }

    /// <summary>Runs a shell command on this terminal; answers its exit code.</summary>
    public required Func<string, Task<int>> Shell { get; init; }

    /// <summary>What is read, where a verb reads.</summary>
    public required TextReader Input { get; init; }

    /// <summary>What is read byte by byte, where a verb does; null: nothing.</summary>
    public Stream? InputBytes { get; init; }

    /// <summary>How large the terminal is, of what a VM's may be; null where there is none, or it does not know.</summary>
    public Func<(int Cols, int Rows)?> Size { get; init; } = () => null;

    /// <summary>Where bytes go that are no text; null: nowhere.</summary>
    public Stream? OutputBytes { get; init; }

    /// <summary>The clock by which a verb waits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether to write colours: only to a terminal, and not with <c>NO_COLOR</c> (no-color.org).</summary>
    public bool Colours => OutputIsTerminal && string.IsNullOrEmpty(Variable("NO_COLOR")) && Variable("TERM") != "dumb";

    /// <summary>The real one.</summary>
    public static VerbEnvironment OfProcess() => new()
    {
        Variable = Environment.GetEnvironmentVariable,
        OutputIsTerminal = !Console.IsOutputRedirected,
        Shell = RunShellAsync,
        Input = Console.In,
        InputBytes = Console.IsInputRedirected ? null : Console.OpenStandardInput(),
        Size = () => Console.IsOutputRedirected ? null : ScreenSize(Console.WindowWidth, Console.WindowHeight),
        OutputBytes = Console.OpenStandardOutput(),
    };

    /// <summary>The size of a screen as a VM's terminal may have it; null: a serial line, or a pipe in a terminal's clothes, has none.</summary>
    internal static (int Cols, int Rows)? ScreenSize(int cols, int rows) =>
        cols < 1 || rows < 1 ? null : (Math.Min(cols, Limits.TerminalColsMax), Math.Min(rows, Limits.TerminalRowsMax));

    private static async Task<int> RunShellAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { UseShellExecute = false })
            ?? throw new VerbFailure("/bin/sh could not be started.");
        await shell.WaitForExitAsync();
        return shell.ExitCode;
    }
}
