using System.Diagnostics;
using System.Globalization;
using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Terminals.Control;

/// <summary>The clients of taps that a killed node left behind: they are ended.</summary>
/// <remarks>
/// The server tells a client to end when its input does, but waits until all was written that it has for it; where nobody reads that any more it waits
/// for ever (tmux 3.3a), and so does a server that is to end.
/// </remarks>
internal static class LeftClients
{
    /// <summary>What a list of clients is to say of each, after a word that tells it from other lines.</summary>
    public const string Format = "client #{client_pid} #{client_control_mode}";

    private const int ParentField = 4;

    /// <summary>Ends those among the listed clients that are taps and of no process that runs.</summary>
    /// <param name="said">What tmux said; lines of other things may be among it.</param>
    /// <param name="tap">The command that a tap's client runs: a person's client, in whatever mode, runs another.</param>
    public static void End(string? said, IReadOnlyList<string> tap)
    {
        var command = string.Concat(tap.Select(word => word + "\0"));
        foreach (var words in (said ?? "").Split('\n').Select(line => line.Split(' ')))
        {
            if (words is ["client", var pid, "1"] && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && IsLeft(id, command))
            {
                Kill(id);
            }
        }
    }

    // Only one node at a time uses a directory of sockets, so a tap that is not this process's child is of one that is gone.
    private static bool IsLeft(int pid, string command)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline") == command
                && ProcessStatus.Field(pid, ParentField) != Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return false;
        }
    }

    private static void Kill(int pid)
    {
        try
        {
            using var client = Process.GetProcessById(pid);
            client.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended meanwhile.
        }
    }
}
