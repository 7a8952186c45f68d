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

    // A program that is not there is told from one that ends with 127 by a word that it cannot know. An empty here-document is a pipe that costs
    // no process; its other end is under /proc. The program takes the place of the shell, so that its end is its own, and finds no children that
    // it did not start: the readers have no parent any more. dd says at its end whether it reached the bound: only then is there something to
    // swallow, so that the program may write on. Who waits for that word holds no output, lest the agent wait for him.
    private const string Bounded = """
        max=$1 key=$2; shift 2
        [ -f "$1" ] && [ -x "$1" ] || { printf %s "$key"; exit 127; }
        exec 3<<E 4<<E 8>&1 9>&2
        E
        E
        exec 5>/proc/self/fd/3 6>/proc/self/fd/4
        swallow() { exec >/dev/null 2>&1 8>&- 9>&-; read -r said; case $said in 1+0*) cat <&"$1" ;; esac; }
        (
            exec 5>&- 6>&-
            LC_ALL=C dd bs="$max" count=1 iflag=fullblock <&3 2>&1 >&8 8>&- 9>&- | swallow 3 &
            LC_ALL=C dd bs="$max" count=1 iflag=fullblock <&4 2>&1 >&9 8>&- 9>&- | swallow 4 &
        )
        exec "$@" >&5 2>&6 3<&- 4<&- 5>&- 6>&- 8>&- 9>&-
        """;

    // With all that it started and that still is its child. Stopped first, lest it start more meanwhile.
    private const string Kill = """
        tree() { kill -STOP "$1"; for child in $(cat /proc/"$1"/task/*/children); do tree "$child"; done; kill -KILL "$1"; }
        tree "$1" 2>/dev/null
        """;

    // busybox, where there is one, does all of it without starting a program: 20 ms in a guest without KVM, for 200.
    private static readonly string[][] Shells = [["/bin/busybox", "sh"], ["/bin/sh"]];

    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(5);

    /// <summary>The commands under which a program runs, and the word that says that it never did.</summary>
    /// <returns>The first is the one to run; each other where the one before is not to be had in that guest.</returns>
    public static (IReadOnlyList<GuestCommand> Commands, string Key) Around(GuestCommand command)
    {
        var key = RandomNumberGenerator.GetHexString(32);
        // One byte more than is kept shows that there was more.
        var max = (command.OutputBytesMax + 1).ToString(CultureInfo.InvariantCulture);
        return ([.. Shells.Select(shell => command with { Argv = [.. shell, "-c", Bounded, "sh", max, key, .. command.Argv] })], key);
    }

    /// <summary>The command that kills a program by its number.</summary>
    public static GuestCommand Killing(long pid) =>
        new(["/bin/sh", "-c", Kill, "sh", pid.ToString(CultureInfo.InvariantCulture)], null, KillLimit, 0);

    /// <summary>Whether that is how it ends where there is no such program.</summary>
    public static bool SaysNotThere(int code, ReadOnlySpan<byte> output, string key) =>
        code == NotFoundCode && output.SequenceEqual(System.Text.Encoding.ASCII.GetBytes(key));
}
