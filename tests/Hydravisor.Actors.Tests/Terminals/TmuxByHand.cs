using System.Diagnostics;

namespace Hydravisor.Actors.Tests.Terminals;

/// <summary>A person at a shell: an outer tmux of the test's own plays the terminal that a command is pasted into.</summary>
internal sealed class TmuxByHand(string directory)
{
    private readonly string _outer = Path.Combine(directory, "outer");

    /// <summary>Runs a tmux command on a server and returns what it printed.</summary>
    public static Task<string> RunAsync(string socket, params string[] command) => ExecAsync("tmux", ["-S", socket, .. command]);

    /// <summary>A format of the console's pane, or of each line of a list.</summary>
    public static async Task<string> FormatAsync(string socket, string format, string command = "display-message") =>
        (await RunAsync(socket, command == "display-message" ? [command, "-p", "-t", "%0", format] : [command, "-F", format])).Trim();

    /// <summary>The text on the console.</summary>
    public static Task<string> CaptureAsync(string socket) => RunAsync(socket, "capture-pane", "-p", "-t", "%0");

    /// <summary>Waits until the console shows a text.</summary>
    public static async Task ShowsAsync(string socket, string text)
    {
        var screen = "";
        await Wait.Until(
            async () => (screen = await CaptureAsync(socket)).Contains(text, StringComparison.Ordinal),
            () => $"the console shows '{text}'; it shows '{screen.TrimEnd()}'");
    }

    /// <summary>Pastes a command into a plain shell.</summary>
    public Task PasteAsync(string command) => ExecAsync(
        "tmux", ["-S", _outer, "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "sh", "-c", command + "; echo back-in-the-shell; exec cat"]);

    /// <summary>Waits until the person's screen shows a text.</summary>
    public Task OuterShowsAsync(string text) => ShowsAsync(_outer, text);

    /// <summary>The person types.</summary>
    public Task TypeAsync(string text) => RunAsync(_outer, "send-keys", "-t", "%0", "-l", text);

    /// <summary>The person presses keys, one after another: tmux takes keys less than a millisecond apart for a paste.</summary>
    public async Task TypeKeysAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            await RunAsync(_outer, "send-keys", "-t", "%0", key);
        }
    }

    /// <summary>The person detaches; again where a busy machine handed on the two keys as if they were pasted.</summary>
    public Task LeaveAsync() => Wait.Until(
        async () =>
        {
            await TypeKeysAsync("C-b", "d");
            return (await CaptureAsync(_outer)).Contains("back-in-the-shell", StringComparison.Ordinal);
        },
        "the person is back in the shell");

    /// <summary>Ends every server that a test may have left in its directory.</summary>
    public async Task EndAllAsync()
    {
        foreach (var socket in Directory.EnumerateFiles(directory, "*.sock", SearchOption.AllDirectories).Append(_outer).ToList())
        {
            using var process = Start("tmux", ["-S", socket, "kill-server"]);
            await process.WaitForExitAsync();
        }
    }

    /// <summary>A tap's client whose node reads nothing, and is killed when this is disposed: its input ends and its output breaks.</summary>
    public static IAsyncDisposable AttachUnderNoParent(string socket, string session)
    {
        var info = new ProcessStartInfo("setsid", ["--fork", "tmux", "-u", "-S", socket, "-C", "attach-session", "-t", "=" + session, "-f", "ignore-size"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        info.Environment.Remove("TMUX");
        return new Node(Process.Start(info)!);
    }

    /// <summary>Sends a signal.</summary>
    public static Task SignalAsync(string pid, string signal) => ExecAsync("kill", ["-" + signal, pid]);

    /// <summary>Whether a process runs; one that is dead and not yet reaped does not.</summary>
    public static bool Runs(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static async Task<string> ExecAsync(string program, IReadOnlyList<string> arguments)
    {
        using var process = Start(program, arguments);
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await error}");
        return output;
    }

    private static Process Start(string program, IReadOnlyList<string> arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment.Remove("TMUX");
        return Process.Start(info)!;
    }

    private sealed class Node(Process started) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await started.StandardInput.BaseStream.DisposeAsync();
            await started.StandardOutput.BaseStream.DisposeAsync();
            started.Dispose();
        }
    }
}
