namespace Hydravisor.Actors.Terminals;

/// <summary>What stands before a command that starts a tmux server, so that the server outlives the node's service unit.</summary>
/// <remarks>
/// A tmux server makes itself a daemon in a session of its own, so neither the node's end nor kill -9 touches it. But where systemd
/// started the node, the server stays in the control group of the node's unit, and with systemd's default <c>KillMode=control-group</c>
/// stopping the unit kills every console. A scope of its own takes it out of there (systemd.kill(5), systemd-run(1)).
/// </remarks>
internal static class TmuxScope
{
    /// <summary>The words that go before <c>tmux</c> on this machine; none where systemd does not run.</summary>
    public static IReadOnlyList<string> OfThisMachine() =>
        Prefix(systemdRuns: Directory.Exists("/run/systemd/system"), isRoot: Environment.IsPrivilegedProcess);

    /// <summary>The words for a machine.</summary>
    /// <param name="systemdRuns">Whether it was booted with systemd (sd_booted(3): <c>/run/systemd/system</c> is there).</param>
    /// <param name="isRoot">Whether the node may ask the system's manager; else its user's.</param>
    public static IReadOnlyList<string> Prefix(bool systemdRuns, bool isRoot)
    {
        if (!systemdRuns)
        {
            return [];
        }

        string[] manager = isRoot ? [] : ["--user"];
        return ["systemd-run", .. manager, "--scope", "--quiet", "--collect", "--"];
    }
}
