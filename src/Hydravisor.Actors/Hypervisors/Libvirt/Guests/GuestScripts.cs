using System.Globalization;
using System.Security.Cryptography;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Guests;

/// <summary>The shell scripts (POSIX, dash and busybox too) under which programs run in guests.</summary>
/// <remarks>
/// Left to itself the agent keeps 16 MiB of each output and hands them over in one answer, and libvirt, which takes 10 MiB, gives the agent
/// up over a longer one: a single noisy command would cost the guest its agent. So the outputs are cut short where they come from.
/// </remarks>
internal static class GuestScripts
{
    private const int NotFoundCode = 127;

    // A program that is not there is told from one that ends with 127 by a word that it cannot know. dd says whether it reached the bound: only
    // then is there something to swallow, and each program that is started costs a guest without KVM 40 ms.
    private const string Begin = """
        max=$1 key=$2; shift 2
        [ -f "$1" ] && [ -x "$1" ] || { printf %s "$key"; exit 127; }
        cut() { exec 3>&1; said=$(LC_ALL=C exec dd bs="$max" count=1 iflag=fullblock 2>&1 >&3 3>&-); case $said in 1+0*) exec cat >/dev/null ;; esac; }
        exec 3>&1 4>&2

        """;

    // The program's exit code is that of the whole, past those that cut its outputs short and let it write on: two forks fewer, of 8 ms each.
    private const string CutByPipefail = Begin + """
        set -o pipefail
        { { exec "$@" 2>&6 3>&- 4>&- 6>&-; } | cut >&3 4>&- 6>&-; } 6>&1 | cut >&4
        """;

    // The program's exit code goes its own way (5).
    private const string Cut = Begin + """
        code=$( { { { "$@" 3>&- 4>&- 5>&- 6>&-; echo "$?" >&5; } 2>&6 6>&- | cut >&3 4>&- 5>&- 6>&-; } 6>&1 | cut >&4 5>&-; } 5>&1 )
        exit "$code"
        """;

    // With all that it started and that still is its child. Stopped first, lest it start more meanwhile.
    private const string Kill = """
        tree() { kill -STOP "$1"; for child in $(cat /proc/"$1"/task/*/children); do tree "$child"; done; kill -KILL "$1"; }
        tree "$1" 2>/dev/null
        """;

    // busybox, where there is one, does all of it without starting a program: 20 ms in a guest without KVM, for 200.
    private static readonly (string[] Shell, string Script)[] Shells = [(["/bin/busybox", "sh"], CutByPipefail), (["/bin/sh"], Cut)];

    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);

    /// <summary>The commands under which a program runs, and the word that says that it never did.</summary>
    /// <returns>The first is the one to run; each other where the one before is not to be had in that guest.</returns>
    public static (IReadOnlyList<GuestCommand> Commands, string Key) Around(GuestCommand command)
    {
        var key = RandomNumberGenerator.GetHexString(32);
        // One byte more than is kept shows that there was more.
        var max = (command.OutputBytesMax + 1).ToString(CultureInfo.InvariantCulture);
        return ([.. Shells.Select(shell => command with { Argv = [.. shell.Shell, "-c", shell.Script, "sh", max, key, .. command.Argv] })], key);
    }

    /// <summary>The command that kills a program by its number.</summary>
    public static GuestCommand Killing(long pid) =>
        new(["/bin/sh", "-c", Kill, "sh", pid.ToString(CultureInfo.InvariantCulture)], null, KillLimit, 0);

    /// <summary>Whether that is how it ends where there is no such program.</summary>
    public static bool SaysNotThere(int code, ReadOnlySpan<byte> output, string key) =>
        code == NotFoundCode && output.SequenceEqual(System.Text.Encoding.ASCII.GetBytes(key));
}
