using System.Text;
using Hydravisor.Client;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>One terminal of a real guest, and many at it.</summary>
public sealed class SharedTerminalTests(ITestOutputHelper output) : QemuTest(output)
{
    [Fact]
    public async Task Three_operators_two_auditors_and_people_in_tmux_see_the_same_bytes_and_auditors_are_refused_at_every_door()
    {
        await using var people = new PersonsTerminals();
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client, "debian-12");
        await people.PasteAsync("operator", (await client.AttachAsync(id, TerminalRole.Operator)).Attach);
        await people.PasteAsync("auditor", (await client.AttachAsync(id, TerminalRole.Auditor)).Attach);
        await using var first = await Watched.AttachAsync(node, id, TerminalRole.Operator);
        await using var second = await Watched.AttachAsync(node, id, TerminalRole.Operator);
        await using var third = await Watched.AttachAsync(node, id, TerminalRole.Operator);
        await using var auditor = await Watched.AttachAsync(node, id, TerminalRole.Auditor);
        await using var otherAuditor = await Watched.AttachAsync(node, id, TerminalRole.Auditor);
        Watched[] all = [first, second, third, auditor, otherAuditor];

        // The agent answers before the getty does.
        await first.SeeAsync("# ");
        // Each types in turn; what was typed is seen by all before the next one does, so that sizes and screens are settled.
        foreach (var (at, typing) in new[] { first, second, third }.Index())
        {
            await typing.Feed.TypeAsync($"\recho typed-by-$((1000+{at}))\r");
            foreach (var watched in all)
            {
                await watched.SeeAsync($"typed-by-{1000 + at}");
            }
        }

        await people.TypeAsync("operator", "stty -echo; echo typed-by-$((1000+3))");
        await people.PressAsync("operator", "Enter");
        foreach (var watched in all)
        {
            await watched.SeeAsync("typed-by-1003");
        }

        await MustBeRefusedAsync(auditor, people);
        await first.Feed.TypeAsync("echo begin-$((2000+1)); seq 1 3000; head -c 3000 /dev/urandom | base64; echo end-$((2000+2))\r");
        foreach (var watched in all)
        {
            await watched.SeeAsync("end-2002");
        }

        await people.SeeAsync("operator", "end-2002");
        await people.SeeAsync("auditor", "end-2002");
        var same = first.Between("begin-2001", "end-2002");
        Assert.Contains("\n1500\r\n1501\r\n", same, StringComparison.Ordinal);
        Assert.All(all, watched => Assert.Equal(same, watched.Between("begin-2001", "end-2002")));
        // What people see is the end of it. Beside it tmux shows where the terminal is smaller than their window.
        foreach (var person in (string[])["operator", "auditor"])
        {
            var screen = (await people.ScreenAsync(person)).Split('\n');
            var lines = same.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[^10..];
            var at = Array.FindIndex(screen, shown => shown.StartsWith(lines[0], StringComparison.Ordinal));
            Assert.True(at >= 0, string.Join('\n', screen));
            Assert.All(lines.Index(), line => Assert.StartsWith(line.Item, screen[at + line.Index], StringComparison.Ordinal));
        }

        foreach (var watched in all)
        {
            Assert.DoesNotContain("forged", watched.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Input_of_any_bytes_arrives_as_it_was_typed()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client, "debian-12");
        await using var terminal = await Watched.AttachAsync(node, id, TerminalRole.Operator);
        await terminal.SeeAsync("# ");
        await terminal.Feed.TypeAsync("\rstty raw -echo; echo rea''dy; dd bs=1 count=512 status=none | sha256sum; stty sane\r");
        await terminal.SeeAsync("ready");
        var bytes = Enumerable.Range(0, 512).Select(at => (byte)at).ToArray();
        await terminal.Feed.TypeAsync(bytes);
        await terminal.SeeAsync(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
    }

    [Fact]
    public async Task A_tmux_server_killed_from_outside_is_noticed_and_rebuilt()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client);
        await using var terminal = await Watched.AttachAsync(node, id, TerminalRole.Operator);
        await terminal.Feed.TypeAsync("\recho before-$((1000+1))\r");
        await terminal.SeeAsync("before-1001");
        var resets = terminal.Resets;
        TmuxServers.KillAll(Path.Combine(node.Data, "run"));
        await terminal.UntilAsync(watched => watched.Resets > resets, "the screen of the new session");
        await terminal.Feed.TypeAsync("\recho after-$((1000+2))\r");
        await terminal.SeeAsync("after-1002");

        // Also where nobody looks.
        await terminal.Feed.DisposeAsync();
        TmuxServers.KillAll(Path.Combine(node.Data, "run"));
        await node.Output.LineWithAsync("its terminal session was ended from outside");
        await using var people = new PersonsTerminals();
        await people.PasteAsync("operator", (await client.AttachAsync(id, TerminalRole.Operator)).Attach);
        await people.SeeAsync("operator", "Escape character");
        await people.PressAsync("operator", "Enter");
        await people.SeeAsync("operator", "#");
    }

    [Fact]
    public async Task Terminals_of_a_killed_node_are_taken_over_again()
    {
        var node = await StartRealNodeAsync();
        string id;
        await using (var client = await node.ConnectClientAsync())
        {
            id = await CreateRunningAsync(client);
        }

        await using (var before = await Watched.AttachAsync(node, id, TerminalRole.Operator))
        {
            await before.Feed.TypeAsync("\rhere=kept; echo set-$((1000+1))\r");
            await before.SeeAsync("set-1001");
        }

        var servers = TmuxServers.Sockets(Path.Combine(node.Data, "run"));
        await node.KillAndStartAsync();
        await using var after = await Watched.AttachAsync(node, id, TerminalRole.Operator);
        await after.SeeAsync("set-1001");
        await after.Feed.TypeAsync("echo it-is-$here\r");
        await after.SeeAsync("it-is-kept");
        Assert.Equal(servers, TmuxServers.Sockets(Path.Combine(node.Data, "run")));
    }

    private static async Task MustBeRefusedAsync(Watched auditor, PersonsTerminals people)
    {
        foreach (var refused in (Func<Task>[])
        [
            () => auditor.Feed.TypeAsync("echo forged-1\r"),
            () => auditor.Feed.TypeAsync(Encoding.ASCII.GetBytes("echo forged-2\r")),
            () => auditor.Feed.ResizeAsync(40, 10),
        ])
        {
            Assert.Equal(ErrorCode.Forbidden, (await Assert.ThrowsAsync<HydravisorException>(refused)).Code);
        }

        // In tmux: typing, the prefix keys, a paste, the mouse.
        await people.TypeAsync("auditor", "echo forged-3");
        await people.PressAsync("auditor", "Enter", "C-b", "c", "C-b", ":");
        await people.TypeAsync("auditor", "send-keys forged-4");
        await people.PressAsync("auditor", "Enter", "C-b", "]", "C-c", "C-d", "C-b", "x", "y");
        await people.TypeAsync("auditor", "\u001b[200~echo forged-5\u001b[201~\r\u001b[<0;10;10M\u001b[<0;10;10m");
    }
}
