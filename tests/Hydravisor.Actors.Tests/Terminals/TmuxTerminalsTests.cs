using System.Diagnostics;
using System.Globalization;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Terminals;

namespace Hydravisor.Actors.Tests.Terminals;

/// <summary>On the real tmux.</summary>
public sealed class TmuxTerminalsTests : TerminalsContract
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TmuxByHand _tmux;

    public TmuxTerminalsTests() => _tmux = new TmuxByHand(_directory.Path);

    private string SocketDirectory => Path.Combine(_directory.Path, "t");

    private string Socket => Path.Combine(SocketDirectory, Samples.Id + ".sock");

    private protected override ITerminals Create() => new TmuxTerminals(SocketDirectory, TimeProvider.System);

    private protected override async Task CleanUpAsync()
    {
        await _tmux.EndAllAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task The_sockets_are_closed_to_others()
    {
        await EnsureAsync(Samples.Id);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(SocketDirectory));
    }

    [Fact]
    public void A_directory_too_long_for_a_socket_is_refused_with_its_limit()
    {
        var tooLong = Path.Combine(_directory.Path, new string('x', 100));
        var refusal = Assert.Throws<ArgumentException>(() => new TmuxTerminals(tooLong, TimeProvider.System));
        Assert.Contains("107 bytes", refusal.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(tooLong));
    }

    [Fact]
    public void A_term_that_is_no_name_is_refused() =>
        Assert.Throws<ArgumentException>(() => new TmuxTerminals(SocketDirectory, TimeProvider.System, "xterm; reboot"));

    [Fact]
    public async Task The_console_runs_without_a_shell_and_its_words_arrive_as_they_are()
    {
        await EnsureAsync(Samples.Id, "sh", "-c", "printf '<%s>\\n' \"$@\"; exec cat", "sh", "$HOME", "#{pid}", "a b;", "`id`", ";", "#(id)", "'");
        await TmuxByHand.ShowsAsync(Socket, "<$HOME>\n<#{pid}>\n<a b;>\n<`id`>\n<;>\n<#(id)>\n<'>");
    }

    [Fact]
    public async Task A_console_of_one_word_runs_without_a_shell()
    {
        // A program under a name that a shell would take apart. It lives: of a console that ends at once tmux 3.3a may lose what it said, and how it ended.
        var program = Path.Combine(_directory.Path, "a $HOME;b `id`");
        File.CreateSymbolicLink(program, "/bin/cat");
        await EnsureAsync(Samples.Id, program);
        var console = await TmuxByHand.FormatAsync(Socket, "#{pane_pid}");
        await Wait.Until(async () => await File.ReadAllTextAsync($"/proc/{console}/cmdline") == program + "\0", "the program runs under its name");
    }

    [Fact]
    public async Task The_console_sees_nothing_of_the_nodes_environment()
    {
        Environment.SetEnvironmentVariable("HYDRAVISOR_SECRET_OF_A_TEST", "1");
        await EnsureAsync(Samples.Id, "sh", "-c", "env | cut -d= -f1 | sort; echo end; exec cat");
        await TmuxByHand.ShowsAsync(Socket, "end");
        Assert.DoesNotContain("SECRET", await TmuxByHand.CaptureAsync(Socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_console_that_ended_is_run_again_in_the_same_pane()
    {
        await EnsureAsync(Samples.Id, "sh", "-c", "echo one");
        await Wait.Until(async () => await TmuxByHand.FormatAsync(Socket, "#{pane_dead}") == "1", "the console ended");
        var server = await TmuxByHand.FormatAsync(Socket, "#{pid}");
        await EnsureAsync(Samples.Id, "sh", "-c", "echo two; exec cat");
        await TmuxByHand.ShowsAsync(Socket, "two");
        Assert.Equal($"{server} %0 0", await TmuxByHand.FormatAsync(Socket, "#{pid} #{pane_id} #{pane_dead}"));
    }

    [Fact]
    public async Task A_console_that_runs_is_left_alone()
    {
        await EnsureAsync(Samples.Id);
        var console = await TmuxByHand.FormatAsync(Socket, "#{pane_pid}");
        await EnsureAsync(Samples.Id);
        Assert.Equal(console, await TmuxByHand.FormatAsync(Socket, "#{pane_pid}"));
    }

    [Fact]
    public async Task A_server_that_was_killed_is_built_anew()
    {
        await EnsureAsync(Samples.Id);
        var pid = int.Parse(await TmuxByHand.FormatAsync(Socket, "#{pid}"), CultureInfo.InvariantCulture);
        using (var server = Process.GetProcessById(pid))
        {
            server.Kill();
        }

        await Wait.Until(() => !TmuxSockets.IsListening(Socket), "the server is dead");
        await EnsureAsync(Samples.Id, "sh", "-c", "echo anew; exec cat");
        await TmuxByHand.ShowsAsync(Socket, "anew");
        Assert.NotEqual(pid.ToString(CultureInfo.InvariantCulture), await TmuxByHand.FormatAsync(Socket, "#{pid}"));
    }

    [Fact]
    public async Task A_console_whose_pane_was_closed_by_hand_is_built_anew()
    {
        await EnsureAsync(Samples.Id);
        await TmuxByHand.RunAsync(Socket, "new-window", "-d", "cat");
        await TmuxByHand.RunAsync(Socket, "kill-pane", "-t", "%0");
        await EnsureAsync(Samples.Id, "sh", "-c", "echo anew; exec cat");
        await TmuxByHand.ShowsAsync(Socket, "anew");
    }

    [Fact]
    public async Task Closing_ends_the_server_the_console_and_whoever_is_attached()
    {
        var session = await EnsureAsync(Samples.Id);
        var console = await TmuxByHand.FormatAsync(Socket, "#{pane_pid}");
        await _tmux.PasteAsync(session.Operator);
        await _tmux.OuterShowsAsync("hello");
        Assert.True((await Terminals.CloseAsync(Samples.Id)).IsDone);
        Assert.False(TmuxSockets.IsListening(Socket));
        Assert.Empty(Directory.EnumerateFileSystemEntries(SocketDirectory));
        await Wait.Until(() => !TmuxByHand.Runs(console), "the console's process ended");
        await _tmux.OuterShowsAsync("back-in-the-shell");
    }

    [Fact]
    public async Task The_server_is_nobodys_child_and_leads_a_session_of_its_own()
    {
        await EnsureAsync(Samples.Id);
        var pid = await TmuxByHand.FormatAsync(Socket, "#{pid}");
        var stat = (await File.ReadAllTextAsync($"/proc/{pid}/stat")).Split(") ")[^1].Split(' ');
        Assert.NotEqual(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), stat[1]);
        Assert.Equal(pid, stat[3]);
    }

    [Fact]
    public async Task An_operators_command_works_when_pasted_and_types()
    {
        var session = await EnsureAsync(Samples.Id);
        await _tmux.PasteAsync(session.Operator);
        await _tmux.OuterShowsAsync("hello");
        await _tmux.TypeAsync("from the operator");
        await TmuxByHand.ShowsAsync(Socket, "from the operator");
    }

    [Theory]
    [InlineData("dumb")]
    [InlineData("a-terminal-nobody-knows")]
    [InlineData("")]
    public async Task An_attach_command_works_whatever_the_terminal_is_called(string term)
    {
        var session = await EnsureAsync(Samples.Id);
        await _tmux.PasteAsync($"export TERM={term}; {session.Operator}");
        await _tmux.OuterShowsAsync("hello");
    }

    [Fact]
    public async Task An_attach_command_works_where_the_path_needs_quotes()
    {
        var odd = Path.Combine(_directory.Path, "a b's $x");
        var terminals = new TmuxTerminals(odd, TimeProvider.System);
        var session = await terminals.EnsureAsync(Samples.OtherId, ["sh", "-c", "echo odd; exec cat"]);
        Assert.True(session.IsDone, session.Result.Reason);
        await _tmux.PasteAsync(session.Value!.Operator);
        await _tmux.OuterShowsAsync("odd");
        Assert.True((await terminals.CloseAsync(Samples.OtherId)).IsDone);
    }

    [Fact]
    public async Task An_auditor_sees_all_and_types_nothing()
    {
        var session = await EnsureAsync(Samples.Id);
        await _tmux.PasteAsync(session.Auditor);
        await _tmux.OuterShowsAsync("hello");
        Assert.Equal("1", await TmuxByHand.FormatAsync(Socket, "#{client_readonly}", "list-clients"));
        await _tmux.TypeAsync("from the auditor");
        await _tmux.TypeKeysAsync("Enter", "C-b", ":", "C-b", "C-b");

        // Keys arrive in order: when the auditor has left, all typed before was dealt with.
        await _tmux.LeaveAsync();
        await TmuxByHand.RunAsync(Socket, "send-keys", "-t", "%0", "-l", "from elsewhere");
        await TmuxByHand.ShowsAsync(Socket, "hello\nfrom elsewhere");
    }

    [Fact]
    public async Task No_key_paste_or_mouse_of_an_auditor_reaches_the_console()
    {
        var session = await EnsureAsync(Samples.Id, "sh", "-c", "stty raw -echo; printf 'up\\033[?1000h\\033[?2004h'; exec od -An -c -v -w1");
        await _tmux.PasteAsync(session.Auditor);
        await _tmux.OuterShowsAsync("up");
        await _tmux.TypeAsync("x\u001b[200~pasted\u001b[201~\u001b[<0;1;1M\u001b[M !!");
        await _tmux.TypeKeysAsync("C-c", "C-d", "Enter", "Up", "F1", "C-b", "[", "Space", "Enter", "q", "C-b", "]", "C-b", "C-b", "C-b", ":", "y");
        await _tmux.LeaveAsync();
        await TmuxByHand.RunAsync(Socket, "send-keys", "-t", "%0", "-l", "Z");
        await TmuxByHand.ShowsAsync(Socket, "Z");
        Assert.Equal("upZ", string.Concat((await TmuxByHand.CaptureAsync(Socket)).Where(each => !char.IsWhiteSpace(each))));
    }

    [Fact]
    public async Task What_people_type_on_the_node_is_kept_where_it_is_wanted_and_the_console_does_not_notice()
    {
        var file = Path.Combine(_directory.Path, "it's typed");
        var console = new[] { "sh", "-c", "echo \"<$1>\"; while read -r line; do echo \"got $line\"; stty size; [ \"$line\" = q ] && exit 7; done", "sh", "a b'$HOME;" };
        var session = await Terminals.EnsureAsync(Samples.Id, console, file);
        Assert.True(session.IsDone, session.Result.Reason);
        await TmuxByHand.ShowsAsync(Socket, "<a b'$HOME;>");
        await TmuxByHand.RunAsync(Socket, "resize-window", "-t", "%0", "-x", "101", "-y", "31");
        await TmuxByHand.RunAsync(Socket, "send-keys", "-t", "%0", "-l", "wörds\r");
        await TmuxByHand.ShowsAsync(Socket, "got wörds");
        await Wait.Until(
            async () =>
            {
                await TmuxByHand.RunAsync(Socket, "send-keys", "-t", "%0", "-l", "s\r");
                return (await TmuxByHand.CaptureAsync(Socket)).Contains("31 101", StringComparison.Ordinal);
            },
            "the size arrives");
        await TmuxByHand.RunAsync(Socket, "send-keys", "-t", "%0", "-l", "q\r");
        await TmuxByHand.ShowsAsync(Socket, "got q");
        await Wait.Until(async () => await TmuxByHand.FormatAsync(Socket, "#{pane_dead}") == "1", "the console ended");

        // tmux itself does not always learn a status; script notes it.
        Assert.Contains("COMMAND_EXIT_CODE=\"7\"", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Assert.Matches("wörds\r(s\r)+q\r", await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task A_watched_server_that_is_ended_from_outside_is_lost_at_once_and_can_end()
    {
        await EnsureAsync(Samples.Id);
        Assert.Equal("", await TmuxByHand.RunAsync(Socket, "list-clients"));
        Assert.Equal("0", await TmuxByHand.FormatAsync(Socket, "#{session_attached}"));
        var lost = new TaskCompletionSource<Hydravisor.Protocol.InstanceId>();
        Terminals.Lost += id => lost.TrySetResult(id);
        await TmuxByHand.RunAsync(Socket, "kill-server");
        Assert.Equal(Samples.Id, await Wait.For(lost.Task, "the news"));
        await Wait.Until(() => !TmuxSockets.IsListening(Socket), "the server ended");
    }

    [Fact]
    public async Task No_key_of_an_operator_closes_the_console()
    {
        var session = await EnsureAsync(Samples.Id);
        await _tmux.PasteAsync(session.Operator);
        await _tmux.OuterShowsAsync("hello");
        foreach (var key in (string[])["&", "x", "c", ":", "%", "!"])
        {
            await _tmux.TypeKeysAsync("C-b", key);
        }

        await _tmux.TypeKeysAsync("y");
        await _tmux.TypeAsync("still here");
        await TmuxByHand.ShowsAsync(Socket, "still here");
        Assert.Equal("1 1", await TmuxByHand.FormatAsync(Socket, "#{session_windows} #{window_panes}"));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_unavailable_and_not_killed()
    {
        var impatient = new TmuxTerminals(SocketDirectory, TimeProvider.System, callTimeout: TimeSpan.FromMilliseconds(300));
        await EnsureAsync(Samples.Id);
        var pid = await TmuxByHand.FormatAsync(Socket, "#{pid}");
        await TmuxByHand.SignalAsync(pid, "STOP");
        try
        {
            Assert.Equal(OutcomeKind.Unavailable, (await impatient.EnsureAsync(Samples.Id, ["cat"])).Result.Kind);
            Assert.Equal(OutcomeKind.Unavailable, (await impatient.CloseAsync(Samples.Id)).Kind);
        }
        finally
        {
            await TmuxByHand.SignalAsync(pid, "CONT");
        }

        // The kill that was ordered may still arrive, or not: ensured is ensured.
        await EnsureAsync(Samples.Id);
    }

    [Fact]
    public async Task Where_no_scope_can_be_made_the_server_starts_all_the_same()
    {
        var terminals = new TmuxTerminals(SocketDirectory, TimeProvider.System, "xterm", null, ["false"]);
        Assert.True((await terminals.EnsureAsync(Samples.Id, ["cat"])).IsDone);
        Assert.True(TmuxSockets.IsListening(Socket));
    }

    [Fact]
    public async Task A_scope_stands_before_the_command_that_starts_a_server()
    {
        var terminals = new TmuxTerminals(SocketDirectory, TimeProvider.System, "xterm", null, ["env", "HV_SCOPE=yes"]);
        Assert.True((await terminals.EnsureAsync(Samples.Id, ["sh", "-c", "echo scope=$HV_SCOPE; exec cat"])).IsDone);
        await TmuxByHand.ShowsAsync(Socket, "scope=yes");
        Assert.Empty(TmuxScope.Prefix(systemdRuns: false, isRoot: true));
        Assert.DoesNotContain("--user", TmuxScope.Prefix(systemdRuns: true, isRoot: true));
        Assert.Contains("--user", TmuxScope.Prefix(systemdRuns: true, isRoot: false));
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var outcome = await new TmuxClient(TimeProvider.System).RunAsync(["no-such-program-anywhere"]);
        Assert.Equal(OutcomeKind.Failed, outcome.Result.Kind);
        Assert.Contains("no-such-program-anywhere could not be run", outcome.Result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_outlive_who_made_them()
    {
        await EnsureAsync(Samples.Id);
        var server = await TmuxByHand.FormatAsync(Socket, "#{pid}");
        var next = Create();
        Assert.Equal([Samples.Id], (await next.ListAsync()).Value);
        Assert.True((await next.EnsureAsync(Samples.Id, ["cat"])).IsDone);
        Assert.Equal(server, await TmuxByHand.FormatAsync(Socket, "#{pid}"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_client_of_a_killed_node_that_was_behind_is_ended_when_its_session_is_used_or_closed(bool closed)
    {
        var session = await EnsureAsync(Samples.Id, "sh", "-c", "read go; seq 1 100000; echo all said; exec cat");
        var server = await TmuxByHand.FormatAsync(Socket, "#{pid}");

        // tmux reads on for the person who is attached too: for a tap alone that is behind, it waits.
        await _tmux.PasteAsync(session.Operator);
        string client;
        await using (TmuxByHand.AttachUnderNoParent(Socket, session.Session))
        {
            await Wait.Until(async () => await TmuxByHand.FormatAsync(Socket, "#{session_attached}") == "2", "the person and the client are attached");
            client = await ControlClientAsync();
            await TmuxByHand.RunAsync(Socket, "send-keys", "-t", "%0", "Enter");
            await TmuxByHand.ShowsAsync(Socket, "all said");
        }

        if (closed)
        {
            Assert.True((await Terminals.CloseAsync(Samples.Id)).IsDone);
            await Wait.Until(() => !TmuxByHand.Runs(server), "the server ended");
        }
        else
        {
            await EnsureAsync(Samples.Id);
            await Wait.Until(async () => await TmuxByHand.FormatAsync(Socket, "#{session_attached}") == "1", "only the person is attached");
            Assert.Equal("", await ControlClientAsync());
        }

        await Wait.Until(() => !TmuxByHand.Runs(client), "the client ended");
    }

    [Fact]
    public async Task A_living_tap_and_a_person_are_left_alone_when_a_session_is_ensured()
    {
        var session = await EnsureAsync(Samples.Id);
        await _tmux.PasteAsync(session.Operator);
        await using var tap = (await Terminals.TapAsync(Samples.Id, new RecordingSink())).Value!;
        await Wait.Until(async () => (await TmuxByHand.FormatAsync(Socket, "#{client_pid}", "list-clients")).Split('\n').Length == 2, "both are attached");
        var before = await TmuxByHand.FormatAsync(Socket, "#{client_pid}", "list-clients");
        await EnsureAsync(Samples.Id);
        Assert.Equal(before, await TmuxByHand.FormatAsync(Socket, "#{client_pid}", "list-clients"));
    }

    private async Task<string> ControlClientAsync() =>
        await TmuxByHand.FormatAsync(Socket, "#{?client_control_mode,#{client_pid},}", "list-clients");
}
