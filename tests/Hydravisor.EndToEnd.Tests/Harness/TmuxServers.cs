using System.Diagnostics;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>The tmux servers whose sockets are in a node's <c>run</c> directory.</summary>
internal static class TmuxServers
{
    /// <summary>Ends all of them.</summary>
    public static void KillAll(string runDirectory)
    {
        foreach (var socket in Sockets(runDirectory))
        {
            using var tmux = Process.Start(new ProcessStartInfo("tmux", ["-S", socket, "kill-server"]) { RedirectStandardError = true });
            tmux?.WaitForExit();
        }
    }

    /// <summary>The sockets that are there.</summary>
    public static IReadOnlyList<string> Sockets(string runDirectory) =>
        Directory.Exists(runDirectory) ? Directory.GetFiles(runDirectory, "*.sock") : [];
}
