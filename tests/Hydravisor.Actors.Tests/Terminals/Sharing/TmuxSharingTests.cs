using CsCheck;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Terminals;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Terminals.Sharing;

/// <summary>Terminals that are shared, over the real tmux.</summary>
public sealed class TmuxSharingTests : IAsyncLifetime
{
    private static readonly string[] Sizes = ["display-message", "-p", "-t", "%0", "#{window_width}x#{window_height}"];

    private static readonly string[] Escapes =
    [
        "\r\n", "é€😀", "\e[31;44m", "\e[0m", "\e[1;7m", "\e[H", "\e[5;70H", "\e[K", "\e[2J", "\e[3;10r", "\e[r", "\e[?1049h", "\e[?1049l", "\e[2L", "\e[3P",
        "\b", "\t", "\e(0lqk\e(B", "\eM", new('w', 80),
    ];

    private readonly TemporaryDirectory _directory = new();
    private readonly TmuxByHand _tmux;
    private readonly TmuxTerminals _terminals;
    private readonly FileSimulatedHypervisor _hypervisor;
    private readonly NodeTerminals _node;
    private IReadOnlyList<string> _console;
    private int _others;

    public TmuxSharingTests()
    {
        _tmux = new TmuxByHand(_directory.Path);
        _terminals = new TmuxTerminals(Path.Combine(_directory.Path, "t"), TimeProvider.System);
        _hypervisor = new FileSimulatedHypervisor(new SimulatedSettings(Path.Combine(_directory.Path, "h")), TimeProvider.System);
        _console = _hypervisor.ConsoleCommand(Samples.Id);
        _node = new NodeTerminals(_terminals, _hypervisor, async id => (await _terminals.EnsureAsync(id, _console)).Result, TimeProvider.System);
    }

    private string Socket => Path.Combine(_directory.Path, "t", Samples.Id + ".sock");

    public async Task InitializeAsync()
    {
        _hypervisor.Begin(_ => { });
        await Wait.Until(() => _hypervisor.Trouble is null, "the hypervisor");
        Assert.True((await _hypervisor.ProvisionAsync(Samples.Plan())).IsDone);
        Assert.True((await _hypervisor.StartAsync(Samples.Plan(), 1)).IsDone);
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        await _terminals.CloseAsync(Samples.Id);
        await _tmux.EndAllAsync();
        await _hypervisor.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task All_who_stream_see_what_is_typed_and_auditors_type_nothing()
    {
        var all = Enumerable.Range(0, 5).Select(number => Join(number < 3 ? TerminalRole.Operator : TerminalRole.Auditor)).ToList();
        foreach (var one in all)
        {
            await one.ShowsAsync("Linux version");
        }

        await all[0].TypeAsync("from 0\r");
        await all[1].TypeAsync("from 1\r");
        Assert.Equal(OutcomeKind.Failed, (await all[3].Viewer.TypeAsync("x"u8.ToArray())).Kind);
        Assert.Equal(OutcomeKind.Failed, (await all[3].Viewer.ResizeAsync(80, 24)).Kind);
        foreach (var one in all)
        {
            await one.ShowsAsync("from 0\r\r\nfrom 1\r\r\n");
        }

        Assert.Equal("1", await TmuxByHand.FormatAsync(Socket, "#{session_attached}"));
        all.ForEach(one => one.Dispose());
        await Wait.Until(async () => await TmuxByHand.FormatAsync(Socket, "#{session_attached}") == "0", "the control client is gone");
    }

    [Fact]
    public async Task A_server_that_is_killed_comes_back_and_is_shown_anew()
    {
        var lost = new TaskCompletionSource<InstanceId>();
        _terminals.Lost += id => lost.TrySetResult(id);
        using var one = Join(TerminalRole.Operator);
        await one.ShowsAsync("Linux version");
        var resets = one.Resets;
        await TmuxByHand.SignalAsync(await TmuxByHand.FormatAsync(Socket, "#{pid}"), "KILL");
        Assert.Equal(Samples.Id, await Wait.For(lost.Task, "the news"));
        await Wait.Until(() => one.Resets > resets, "a new screen");
        await one.ShowsAsync("Linux version");
        await one.TypeAsync("again");
        await one.ShowsAsync("again");
    }

    [Fact]
    public async Task A_session_that_is_closed_ends_the_stream_and_is_not_lost()
    {
        var lost = false;
        _terminals.Lost += _ => lost = true;
        using var one = Join(TerminalRole.Auditor);
        await one.ShowsAsync("Linux version");
        Assert.True((await _terminals.CloseAsync(Samples.Id)).IsDone);
        await Wait.Until(() => one.Viewer.Ended is not null, "the end");
        Assert.False(lost);
        Assert.False(TmuxSockets.IsListening(Socket));
    }

    [Fact]
    public async Task A_noisy_console_gives_a_slow_viewer_a_screen_in_place_of_what_it_missed()
    {
        _console = ["sh", "-c", "yes | head -c 3000000; echo the end; exec cat"];
        using var fast = Join(TerminalRole.Operator);
        using var slow = _node.Attach(Samples.Id, TerminalRole.Auditor, null, () => { });
        Assert.False(slow.TryTake(out _));
        await fast.ShowsAsync("the end");
        ReadOnlyMemory<byte> lines = default;
        await Wait.Until(() => slow.TryTake(out lines), "a screen");
        Assert.Contains("\"reset\":true", System.Text.Encoding.ASCII.GetString(lines.Span), StringComparison.Ordinal);
        Assert.True(lines.Length < 64 * 1024);
    }

    [Fact]
    public async Task The_operator_who_types_has_the_size_and_its_end_gives_it_on()
    {
        using var one = Join(TerminalRole.Operator, (101, 31));
        await Wait.Until(() => one.Resets > 0, "a screen");
        await SizeIsAsync("101x31");
        using var two = Join(TerminalRole.Operator, (71, 21));
        await two.TypeAsync("x");
        await SizeIsAsync("71x21");
        await one.TypeAsync("y");
        await SizeIsAsync("101x31");
        one.Dispose();
        await SizeIsAsync("71x21");
        two.Dispose();
        await Wait.Until(async () => (await TmuxByHand.RunAsync(Socket, "show-options", "-wAv", "-t", "%0", "window-size")).Trim() == "latest", "the size is nobody's");
    }

    [Fact]
    public async Task A_person_on_the_node_who_is_active_later_gets_the_size_back()
    {
        using var one = Join(TerminalRole.Operator, (101, 31));
        await Wait.Until(() => one.Resets > 0, "a screen");
        await SizeIsAsync("101x31");
        var session = await _terminals.EnsureAsync(Samples.Id, _console);
        await _tmux.PasteAsync(session.Value!.Operator);

        // Within the second in which the other one was active it is nobody's turn to yield.
        await Wait.Until(
            async () =>
            {
                await _tmux.TypeKeysAsync("k");
                return (await TmuxByHand.RunAsync(Socket, Sizes)).Trim() == "100x30";
            },
            "the size of the person's terminal");
        await one.TypeAsync("x");
        await SizeIsAsync("101x31");
    }

    [Fact]
    public async Task A_console_that_ends_under_a_stream_is_run_again_and_shown_anew()
    {
        using var one = Join(TerminalRole.Auditor);
        await one.ShowsAsync("Linux version");
        var resets = one.Resets;
        await TmuxByHand.SignalAsync(await TmuxByHand.FormatAsync(Socket, "#{pane_pid}"), "KILL");
        await Wait.Until(() => one.Resets > resets, "a new screen");
        await one.ShowsAsync("Linux version");
    }

    [Fact]
    public async Task A_screen_and_what_follows_look_as_tmux_itself_shows_them()
    {
        var feed = Path.Combine(_directory.Path, "feed");
        await File.WriteAllTextAsync(feed, "");
        _console = ["sh", "-c", "stty raw -echo; exec tail -n +1 -F \"$0\"", feed];
        using var first = Join(TerminalRole.Operator);
        await Wait.Until(() => first.Resets > 0, "a screen");
        var pieces = Gen.OneOf(
            Gen.String[Gen.Char['!', '~'], 1, 30],
            Gen.Int[0, Escapes.Length - 1].Select(which => Escapes[which]));
        foreach (var round in Enumerable.Range(0, 12))
        {
            string Random() => string.Concat(pieces.List[5, 60].Single());
            await File.AppendAllTextAsync(feed, $"{Random()}\e[0m<a{round}>");
            await first.ShowsAsync($"<a{round}>");
            using var late = Join(TerminalRole.Auditor);
            await Wait.Until(() => late.Resets > 0, "a late screen");
            await File.AppendAllTextAsync(feed, $"{Random()}\e[0m<b{round}>");
            await late.ShowsAsync($"<b{round}>");
            await SameAsync(late.Shown, $"late, round {round}");
        }

        await SameAsync(first.Shown, "first");
    }

    private Watcher Join(TerminalRole role, (int Cols, int Rows)? size = null) => new(_node, Samples.Id, role, size);

    private Task SizeIsAsync(string size) => Wait.Until(async () => (await TmuxByHand.RunAsync(Socket, Sizes)).Trim() == size, $"the size is {size}");

    // Fed to a second terminal, the stream must look as the first does.
    private async Task SameAsync(byte[] stream, string what)
    {
        var file = Path.Combine(_directory.Path, "stream");
        var other = Path.Combine(_directory.Path, $"other{_others++}.sock");
        await File.WriteAllBytesAsync(file, stream);
        await TmuxByHand.RunAsync(
            other, "-u", "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", "stty raw -echo; cat \"$0\"; tmux -S \"$1\" wait-for -S done; exec sleep 1000", file, other);
        await TmuxByHand.RunAsync(other, "wait-for", "done");
        static async Task<string> LooksAsync(string socket) => await TmuxByHand.CaptureAsync(socket)
            + await TmuxByHand.FormatAsync(socket, "#{cursor_x},#{cursor_y} #{alternate_on} #{scroll_region_upper}-#{scroll_region_lower}");
        var (wanted, got) = ("", "");
        await Wait.Until(
            async () =>
            {
                (wanted, got) = (await LooksAsync(Socket), await LooksAsync(other));
                return wanted == got;
            },
            () => $"{what}, of the bytes '{System.Text.Encoding.UTF8.GetString(stream).Replace("\e", "^[", StringComparison.Ordinal)}':\n{wanted}\nis not\n{got}");
        await TmuxByHand.RunAsync(other, "kill-server");
    }
}
