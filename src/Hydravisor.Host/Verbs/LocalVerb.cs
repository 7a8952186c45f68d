using System.CommandLine;

namespace Hydravisor.Host.Verbs;

/// <summary>How a verb runs that needs no node: whatever goes wrong becomes a line and an exit code. <see cref="ClientVerb"/> is its counterpart.</summary>
internal static class LocalVerb
{
    /// <summary>Runs it.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="run">What it does; its result is the exit code.</param>
    /// <param name="exitCodeOf">The exit code of what a person can mend, whose message is shown; null: a defect, which is not caught. A <see cref="VerbFailure"/> has its own.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<int> RunAsync(ParseResult parsed, Func<VerbEnvironment, Task<int>> run, Func<Exception, int?> exitCodeOf, CancellationToken cancellation)
    {
        var environment = parsed.InvocationConfiguration as VerbEnvironment ?? VerbEnvironment.OfProcess();
        try
        {
            return await run(environment);
        }
        catch (VerbFailure failure)
        {
            await environment.Error.WriteLineAsync($"hydravisor: {failure.Message}");
            return failure.ExitCode;
        }
        catch (Exception wrong) when (exitCodeOf(wrong) is { } exitCode)
        {
            await environment.Error.WriteLineAsync($"hydravisor: {TerminalText.Of(wrong.Message)}");
            return exitCode;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }
}
