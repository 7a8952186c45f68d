using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>The command that <c>vm/attach-terminal</c> answers, pasted into a shell in a terminal as a person would.</summary>
public sealed class AttachTests(ITestOutputHelper output) : QemuTest(output)
{
    private readonly string _screens = Path.Combine(Path.GetTempPath(), $"hv-{Guid.NewGuid():N}.sock");

    public override async Task DisposeAsync()
    {
        await Run.AnyAsync("tmux", "-S", _screens, "kill-server");
        File.Delete(_screens);
        await base.DisposeAsync();
    }

    [Fact]
    public async Task An_operator_types_and_an_auditor_only_sees()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client);
        var asOperator = await client.AttachAsync(id, TerminalRole.Operator);
        var asAuditor = await client.AttachAsync(id, TerminalRole.Auditor);
        Assert.Equal(("read-write", "read-only"), (asOperator.Mode, asAuditor.Mode));
        await PasteAsync("operator", asOperator.Attach);
        await PasteAsync("auditor", asAuditor.Attach);

        await TypeAsync("auditor", "echo typed-by-$((1000+1))");
        await TypeAsync("operator", "echo typed-by-$((1000+2))");
        await SeeAsync("operator", "typed-by-1002");
        await SeeAsync("auditor", "typed-by-1002");
        Assert.DoesNotContain("typed-by-1001", await ScreenAsync("operator"), StringComparison.Ordinal);
    }

    private Task<string> PasteAsync(string screen, string command) =>
        Run.CheckedAsync("env", "-u", "TMUX", "tmux", "-S", _screens, "-f", "/dev/null", "new-session", "-d", "-s", screen, "-x", "120", "-y", "40", command);

    private async Task TypeAsync(string screen, string text)
    {
        // The console takes what is typed once a prompt is there: an empty line brings one.
        await Run.CheckedAsync("tmux", "-S", _screens, "send-keys", "-t", $"={screen}:", "Enter");
        if (screen == "operator")
        {
            await SeeAsync(screen, "#");
        }

        await Run.CheckedAsync("tmux", "-S", _screens, "send-keys", "-t", $"={screen}:", "-l", text);
        await Run.CheckedAsync("tmux", "-S", _screens, "send-keys", "-t", $"={screen}:", "Enter");
    }

    private async Task SeeAsync(string screen, string text)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (!(await ScreenAsync(screen)).Contains(text, StringComparison.Ordinal))
        {
            Assert.False(limit.IsCancellationRequested, $"'{text}' did not come on the {screen}'s screen:\n{await ScreenAsync(screen)}");
        }
    }

    private Task<string> ScreenAsync(string screen) => Run.CheckedAsync("tmux", "-S", _screens, "capture-pane", "-p", "-t", $"={screen}:");
}
