using System.ComponentModel;
using System.Diagnostics;
using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Terminals;

/// <summary>Runs tmux: one short-lived client process per call, a few at a time, each under a time limit.</summary>
/// <remarks>
/// Only argument arrays, never a shell. The environment is made afresh, since the server that a call starts, and all that runs
/// in its panes, inherit it. Safe for all threads.
/// </remarks>
internal sealed class TmuxClient
{
    private const int ProcessesAtOnceMax = 4;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);

    // What a console's program may need of our environment; nothing else of it gets there.
    private static readonly string[] Inherited = ["PATH", "HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"];

    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
#pragma warning disable CA1001 // A semaphore whose wait handle nobody asks for holds nothing.
    private readonly SemaphoreSlim _running = new(ProcessesAtOnceMax, ProcessesAtOnceMax);
#pragma warning restore CA1001

    /// <summary>Makes a client.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="timeout">How long one call may take; null: 10 seconds.</param>
    public TmuxClient(TimeProvider time, TimeSpan? timeout = null)
    {
        _time = time;
        _timeout = timeout ?? CallTimeout;
    }

    /// <summary>Runs a program with those arguments to its end.</summary>
    /// <returns>What it wrote, where it ended with 0; failed with what it complained about; unavailable when it took too long.</returns>
    public async Task<Outcome<string>> RunAsync(IReadOnlyList<string> command)
    {
        await _running.WaitAsync().ConfigureAwait(false);
        try
        {
            return await StartAsync(command).ConfigureAwait(false);
        }
        catch (Win32Exception e)
        {
            return Outcome<string>.Failed($"{command[0]} could not be run: {e.Message}. Install it (Debian: apt-get install tmux)");
        }
        finally
        {
            _running.Release();
        }
    }

    private async Task<Outcome<string>> StartAsync(IReadOnlyList<string> command)
    {
        using var process = new Process { StartInfo = StartInfo(command) };
        process.Start();
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(_timeout, _time);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            var complaint = (await error.ConfigureAwait(false)).Trim();
            var said = await output.ConfigureAwait(false);
            return process.ExitCode == 0
                ? Outcome<string>.Done(said)
                : Outcome<string>.Failed($"{command[0]} ended with {process.ExitCode}: {complaint}");
        }
        catch (OperationCanceledException)
        {
            // Only the client: the server that it waits for holds the VM's console.
            process.Kill();
            return Outcome<string>.Unavailable($"{command[0]} did not answer within {_timeout.TotalSeconds:0.#} s");
        }
    }

    /// <summary>How long one call may take.</summary>
    public TimeSpan Limit => _timeout;

    /// <summary>How a program of ours is started: with pipes, and an environment made afresh.</summary>
    public static ProcessStartInfo StartInfo(IReadOnlyList<string> command)
    {
        var info = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var argument in command.Skip(1))
        {
            info.ArgumentList.Add(argument);
        }

        var kept = Inherited.Select(name => (name, value: info.Environment.TryGetValue(name, out var value) ? value : null)).ToList();
        info.Environment.Clear();
        foreach (var (name, value) in kept.Where(variable => variable.value is not null))
        {
            info.Environment[name] = value;
        }

        info.Environment["LANG"] = "C.UTF-8";
        info.Environment["SHELL"] = "/bin/sh";
        info.Environment["TERM"] = "dumb";
        return info;
    }
}
