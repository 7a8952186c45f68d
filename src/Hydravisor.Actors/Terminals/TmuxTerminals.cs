using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Terminals.Control;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals;

/// <summary>Terminal sessions in tmux: one server, one session, one pane per VM, on a socket of our own.</summary>
/// <remarks>
/// The server outlives the node (<see cref="TmuxScope"/>). The socket's path is the identity. A fresh server's first pane is always
/// <c>%0</c>: that is the console, and the target of all commands. A console that ended leaves its pane, which is then run again.
/// Nothing of a VM's own text ever becomes a format, a name or an option. Calls for one VM go one after another.
/// </remarks>
internal sealed class TmuxTerminals : ITerminals
{
    private const string ConsolePane = "%0";
    private const int HistoryLinesMax = 10_000;

    private static readonly string[] ListClients = ["list-clients", "-F", LeftClients.Format];
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndPoll = TimeSpan.FromMilliseconds(5);

    private readonly TmuxSockets _sockets;
    private readonly TmuxClient _client;
    private readonly TimeProvider _time;
    private readonly string _term;
    private readonly IReadOnlyList<string> _scope;
    private readonly ConcurrentDictionary<InstanceId, SemaphoreSlim> _lanes = new();
    private readonly ConcurrentDictionary<TmuxTap, InstanceId> _taps = new();
    private readonly TmuxWatch _watch;

    /// <summary>Makes the terminals.</summary>
    /// <param name="directory">Where the sockets are; made where it is missing, and closed to others (0700).</param>
    /// <param name="time">The clock.</param>
    /// <param name="term">The <c>TERM</c> under which people attach: one that every machine knows, whatever theirs is called.</param>
    /// <param name="callTimeout">How long one call of tmux may take; null: 10 seconds.</param>
    /// <exception cref="ArgumentException">The directory's path is too long for a socket, or TERM is no name.</exception>
    public TmuxTerminals(string directory, TimeProvider time, string term = "xterm-256color", TimeSpan? callTimeout = null)
        : this(directory, time, term, callTimeout, TmuxScope.OfThisMachine())
    {
    }

    /// <summary>Makes the terminals with other words before a command that starts a server.</summary>
    internal TmuxTerminals(string directory, TimeProvider time, string term, TimeSpan? callTimeout, IReadOnlyList<string> scope)
    {
        _term = term.Length > 0 && term.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.' or '_')
            ? term
            : throw new ArgumentException($"'{term}' is not the name of a terminal: letters, digits, '-', '+', '.' and '_' are.", nameof(term));
        _sockets = new TmuxSockets(directory);
        _client = new TmuxClient(time, callTimeout);
        _time = time;
        _scope = scope;
        _watch = new TmuxWatch(id => Lost?.Invoke(id));
    }

    /// <inheritdoc/>
    public event Action<InstanceId>? Lost;

    /// <inheritdoc/>
    public Task<Outcome<TerminalSession>> EnsureAsync(InstanceId id, IReadOnlyList<string> console, string? typedLog = null) => InLaneAsync(id, async socket =>
    {
        var ensured = await EnsurePaneAsync(id, socket, typedLog is null ? console : TypedLog.Around(console, typedLog)).ConfigureAwait(false);
        if (ensured.IsDone)
        {
            _watch.Watch(id, socket);
        }

        return ensured.IsDone ? Outcome<TerminalSession>.Done(Describe(id, socket)) : new Outcome<TerminalSession>(ensured, null);
    });

    /// <inheritdoc/>
    public async Task<Outcome> CloseAsync(InstanceId id)
    {
        var closed = await InLaneAsync(id, async socket => new Outcome<string>(await EndServerAsync(id, socket).ConfigureAwait(false), null))
            .ConfigureAwait(false);
        return closed.Result;
    }

    /// <inheritdoc/>
    /// <remarks>A session whose server was killed counts until it is closed: its socket is still there.</remarks>
    public async Task<Outcome<IReadOnlyList<InstanceId>>> ListAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            return Outcome<IReadOnlyList<InstanceId>>.Done(_sockets.List());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome<IReadOnlyList<InstanceId>>.Failed($"the terminals' sockets cannot be listed: {e.Message}");
        }
    }

    /// <inheritdoc/>
    /// <remarks>The client is no one whose size counts. It is to end with this process, since its input then does; where it does not, the next process ends it (<see cref="LeftClients"/>).</remarks>
    public async Task<Outcome<ITerminalTap>> TapAsync(InstanceId id, ITerminalSink sink)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var start = TmuxClient.StartInfo(TapCommand(id, _sockets.PathOf(id)));
        var started = await TmuxTap.StartAsync(start, sink, _client.Limit, _time).ConfigureAwait(false);
        if (started.Value is { } tap)
        {
            _taps[tap] = id;
            _ = ForgetAsync(tap);
        }

        return new Outcome<ITerminalTap>(started.Result, started.Value);
    }

    private async Task ForgetAsync(TmuxTap tap)
    {
        await tap.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _taps.TryRemove(tap, out _);
    }

    private IEnumerable<TmuxTap> TapsOf(InstanceId id) => _taps.Where(tap => tap.Value == id).Select(tap => tap.Key);

    private async Task<Outcome<T>> InLaneAsync<T>(InstanceId id, Func<string, Task<Outcome<T>>> call)
    {
        var lane = _lanes.GetOrAdd(id, _ => new SemaphoreSlim(1, 1));
        await lane.WaitAsync().ConfigureAwait(false);
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            return await call(_sockets.PathOf(id)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome<T>.Failed(e.Message);
        }
        finally
        {
            lane.Release();
        }
    }

    private async Task<Outcome> EnsurePaneAsync(InstanceId id, string socket, IReadOnlyList<string> console)
    {
        if (!TmuxSockets.IsListening(socket))
        {
            return await StartServerAsync(id, socket, console).ConfigureAwait(false);
        }

        var panes = await TmuxAsync(socket, ["list-panes", "-a", "-F", "#{pane_id} #{pane_dead}", ";", .. ListClients]).ConfigureAwait(false);
        if (panes.Result.Kind == OutcomeKind.Unavailable)
        {
            return panes.Result;
        }

        LeftClients.End(panes.Value, TapCommand(id, socket));

        switch (panes.Value?.Split('\n').FirstOrDefault(pane => pane.StartsWith(ConsolePane + " ", StringComparison.Ordinal)))
        {
            case ConsolePane + " 0":
                return Outcome.Done;
            case ConsolePane + " 1":
                var again = await TmuxAsync(socket, ["respawn-pane", "-k", "-t", ConsolePane, .. Arguments(console)]).ConfigureAwait(false);
                foreach (var tap in TapsOf(id))
                {
                    tap.Respawned();
                }

                return again.Result;
            default:
                // A server without the console's pane: somebody closed it by hand. Begin anew.
                var ended = await EndServerAsync(id, socket, closing: false).ConfigureAwait(false);
                return ended.IsDone ? await StartServerAsync(id, socket, console).ConfigureAwait(false) : ended;
        }
    }

    private async Task<Outcome> StartServerAsync(InstanceId id, string socket, IReadOnlyList<string> console)
    {
        string[] start =
        [
            "tmux", "-u", "-S", socket, "-f", "/dev/null", "start-server",
            .. Options().SelectMany(option => (string[])[";", .. option]),
            ";", "new-session", "-d", "-s", DomainPlan.DomainName(id), "-x", "80", "-y", "24", .. Arguments(console),
        ];
        var started = await _client.RunAsync([.. _scope, .. start]).ConfigureAwait(false);
        if (started.Result.Kind == OutcomeKind.Failed && _scope.Count > 0)
        {
            // Without a manager that makes scopes the console lives as long as the node's unit: better than none.
            started = await _client.RunAsync(start).ConfigureAwait(false);
        }

        if (started.Result.Kind != OutcomeKind.Failed)
        {
            return started.Result;
        }

        // A client that a killed node left behind may have been quicker: then the session is there.
        var there = await TmuxAsync(socket, "has-session", "-t", "=" + DomainPlan.DomainName(id)).ConfigureAwait(false);
        return there.IsDone ? Outcome.Done : started.Result;
    }

    private async Task<Outcome> EndServerAsync(InstanceId id, string socket, bool closing = true)
    {
        _watch.Forget(id);
        foreach (var tap in closing ? TapsOf(id) : [])
        {
            tap.Closing();
        }

        if (TmuxSockets.IsListening(socket))
        {
            var killed = await TmuxAsync(socket, [.. ListClients, ";", "kill-server"]).ConfigureAwait(false);
            LeftClients.End(killed.Value, TapCommand(id, socket));
            var since = _time.GetTimestamp();
            while (TmuxSockets.IsListening(socket))
            {
                if (killed.Result.Kind == OutcomeKind.Unavailable || _time.GetElapsedTime(since) > EndTimeout)
                {
                    return Outcome.Unavailable($"the terminal's tmux server does not end: {killed.Result.Reason}");
                }

                await Task.Delay(EndPoll, _time).ConfigureAwait(false);
            }
        }

        File.Delete(socket);
        return Outcome.Done;
    }

    private static string[] TapCommand(InstanceId id, string socket) =>
        ["tmux", "-u", "-S", socket, "-C", "attach-session", "-t", "=" + DomainPlan.DomainName(id), "-f", "ignore-size"];

    private Task<Outcome<string>> TmuxAsync(string socket, params string[] command) => _client.RunAsync(["tmux", "-u", "-S", socket, .. command]);

    private static IEnumerable<string[]> Options() =>
    [
        ["set-option", "-sq", "exit-empty", "off"],
        ["set-option", "-sq", "escape-time", "10"],
        ["set-option", "-sq", "set-clipboard", "off"],
        ["set-option", "-gq", "default-terminal", "tmux-256color"],
        ["set-option", "-gq", "update-environment", ""],
        ["set-option", "-gq", "destroy-unattached", "off"],
        ["set-option", "-gq", "history-limit", $"{HistoryLinesMax}"],
        ["set-option", "-gq", "status", "off"],
        ["set-option", "-gq", "set-titles", "off"],
        ["set-option", "-gq", "window-size", "latest"],
        ["set-option", "-gq", "remain-on-exit", "on"],
        ["set-option", "-gq", "allow-rename", "off"],
        ["set-option", "-gq", "automatic-rename", "off"],
        ["set-option", "-gq", "allow-passthrough", "off"],
        // No key may close the console, open a shell or run a command: only leave, look back, and send the prefix itself.
        ["unbind-key", "-a"],
        ["unbind-key", "-a", "-T", "root"],
        ["bind-key", "d", "detach-client"],
        ["bind-key", "[", "copy-mode"],
        ["bind-key", "C-b", "send-prefix"],
    ];

    // Several arguments are run as they are; a single one would go through a shell. A final ';' would end tmux's own command.
    private static IEnumerable<string> Arguments(IReadOnlyList<string> console) =>
        (console.Count == 1 ? ["env", console[0]] : console).Select(word => word.EndsWith(';') ? word[..^1] + @"\;" : word);

    private TerminalSession Describe(InstanceId id, string socket)
    {
        var name = DomainPlan.DomainName(id);
        var attach = $"env TERM={_term} tmux -u -S {ShellWord.Quote(socket)} attach-session";
        return new TerminalSession(name, $"{attach} -t '={name}'", $"{attach} -r -t '={name}'");
    }
}
