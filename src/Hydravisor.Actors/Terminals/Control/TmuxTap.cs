using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Hydravisor.Actors.Hypervisors;

namespace Hydravisor.Actors.Terminals.Control;

/// <summary>A tap by tmux's control mode: one client process, whose output is read at once always, so that tmux never keeps any of it for us.</summary>
/// <remarks>One command at a time: the next is written when the one before it was answered. A server that stands still so costs nothing.</remarks>
internal sealed class TmuxTap : ITerminalTap, IControlHandler
{
    private const string ReleaseCommand = "set-option -w -t %0 window-size latest";

    private const int ReadBytes = 64 * 1024;

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly Stream _input;
    private readonly ITerminalSink _sink;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<bool> _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IReadOnlyList<byte[]>> _answers = [];
    private Task _writing = Task.CompletedTask;
    private Task _reading = Task.CompletedTask;
    private Wanted _wanted = Wanted.News;
    private (int Cols, int Rows) _size;
    private Wanted _asked;
    private IReadOnlyList<long>? _state;
    private string _layout = "";
    private TapEnd _end = TapEnd.Lost;
    private bool _closed;

    private TmuxTap(Process process, ITerminalSink sink, TimeProvider time) =>
        (_process, _input, _sink, _time) = (process, process.StandardInput.BaseStream, sink, time);

    [Flags]
    private enum Wanted
    {
        None = 0,
        News = 1,
        Size = 2,
        NoSize = 4,
        Screen = 8,
        Locals = 16,
    }

    /// <summary>Done when the tap gives no more.</summary>
    public Task Completion => _reading;

    /// <summary>Starts the client.</summary>
    /// <param name="start">Its command and environment.</param>
    /// <param name="sink">Gets what it gives.</param>
    /// <param name="limit">How long it may take to attach.</param>
    /// <param name="time">The clock.</param>
    public static async Task<Outcome<TmuxTap>> StartAsync(ProcessStartInfo start, ITerminalSink sink, TimeSpan limit, TimeProvider time)
    {
        var process = new Process { StartInfo = start };
        try
        {
            process.Start();

            // Not the node's own: a client that outlives a killed node would hold what the node wrote to.
            process.BeginErrorReadLine();
        }
        catch (Win32Exception e)
        {
            process.Dispose();
            return Outcome<TmuxTap>.Failed($"{start.FileName} could not be run: {e.Message}");
        }

        var tap = new TmuxTap(process, sink, time);
        tap._reading = tap.ReadAsync();
        try
        {
            if (await tap._attached.Task.WaitAsync(limit, time).ConfigureAwait(false))
            {
                tap.Ask(Wanted.None);
                return Outcome<TmuxTap>.Done(tap);
            }
        }
        catch (TimeoutException)
        {
        }

        await tap.DisposeAsync().ConfigureAwait(false);
        return Outcome<TmuxTap>.Unavailable("the terminal's tmux server is not there or does not answer");
    }

    /// <inheritdoc/>
    public void AskScreen() => Ask(Wanted.Screen);

    /// <inheritdoc/>
    public void AskLocals() => Ask(Wanted.Locals);

    /// <inheritdoc/>
    public void Resize(int cols, int rows)
    {
        lock (_gate)
        {
            _size = (cols, rows);
            _wanted &= ~Wanted.NoSize;
        }

        Ask(Wanted.Size);
    }

    /// <inheritdoc/>
    public void ReleaseSize()
    {
        lock (_gate)
        {
            _wanted &= ~Wanted.Size;
        }

        Ask(Wanted.NoSize);
    }

    /// <summary>The console was run anew in its pane.</summary>
    public void Respawned() => _sink.Changed();

    /// <summary>The session is about to be closed by us.</summary>
    public void Closing() => _end = TapEnd.Closed;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            _end = _end == TapEnd.Closed ? _end : TapEnd.Disposed;

            // The size would stay ours for ever. tmux carries out what it has read before it sees the end.
            if (_wanted.HasFlag(Wanted.NoSize))
            {
                _writing = WriteAsync(_writing, ReleaseCommand);
            }
        }

        await _writing.ConfigureAwait(false);
        await _input.DisposeAsync().ConfigureAwait(false);
        try
        {
            await _reading.WaitAsync(EndLimit, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The server stands still: its client need not.
            Kill();
            await _reading.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    void IControlHandler.Output(ReadOnlySpan<byte> bytes) => _sink.Output(bytes);

    /// <inheritdoc/>
    int IControlHandler.BlockBegins(bool ours) => ours && _asked == Wanted.Screen ? ControlScreen.LinesOf(_answers.Count, _state) : 0;

    /// <inheritdoc/>
    void IControlHandler.BlockEnds(bool ours, bool failed, IReadOnlyList<byte[]> lines)
    {
        if (!ours)
        {
            _attached.TrySetResult(!failed);
            return;
        }

        _answers.Add([.. lines]);
        if (_asked == Wanted.Screen && _answers.Count == 1 && !failed)
        {
            _state = ControlScreen.ReadState(lines);
        }

        if (failed || _answers.Count == (_asked == Wanted.Screen ? ControlScreen.Answers : 1))
        {
            Answered(failed);
        }
    }

    /// <inheritdoc/>
    void IControlHandler.Notice(string words)
    {
        var parts = words.Split(' ');
        switch (parts[0])
        {
            case "layout-change" when parts.Length > 2 && parts[2] != _layout:
                _layout = parts[2];
                _sink.Changed();
                break;
            case "subscription-changed" when parts.Length > 2 && parts[1] == "dead" && parts[^1] == "1":
                _sink.ConsoleEnded();
                break;
        }
    }

    private void Answered(bool failed)
    {
        var (asked, state, answers) = (_asked, _state, _answers.ToArray());
        _answers.Clear();
        _state = null;
        if (asked == Wanted.Locals && !failed)
        {
            _sink.Locals(LastActive(answers[0]));
        }
        else if (asked == Wanted.Screen && !failed && state is not null)
        {
            _sink.Screen(ControlScreen.Draw(state, answers[1], answers[2], answers[3]));
        }

        lock (_gate)
        {
            _asked = Wanted.None;
        }

        Ask(Wanted.None);
    }

    // Each line: activity in seconds, whether a control client, whether read only.
    private static DateTimeOffset? LastActive(IReadOnlyList<byte[]> lines)
    {
        var latest = lines
            .Select(line => Encoding.ASCII.GetString(line).Split(' '))
            .Where(words => words.Length == 3 && words[1] != "1" && words[2] != "1" && long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(words => long.Parse(words[0], CultureInfo.InvariantCulture))
            .DefaultIfEmpty(-1)
            .Max();
        return latest < 0 ? null : DateTimeOffset.FromUnixTimeSeconds(latest);
    }

    private void Ask(Wanted more)
    {
        lock (_gate)
        {
            _wanted |= more;
            if (_closed || _asked != Wanted.None || !_attached.Task.IsCompleted || _wanted == Wanted.None)
            {
                return;
            }

            // The lowest bit: a size before the screen that shows it.
            _asked = (Wanted)((int)_wanted & -(int)_wanted);
            _wanted &= ~_asked;
            var command = _asked switch
            {
                Wanted.News => "refresh-client -B 'dead::#{pane_dead}'",
                Wanted.Size => string.Create(CultureInfo.InvariantCulture, $"resize-window -t %0 -x {_size.Cols} -y {_size.Rows}"),
                Wanted.NoSize => ReleaseCommand,
                Wanted.Screen => ControlScreen.Command,
                _ => "list-clients -F '#{client_activity} #{client_control_mode} #{client_readonly}'",
            };
            _writing = WriteAsync(_writing, command);
        }
    }

    // A single command never fills the pipe. Never fails.
    private async Task WriteAsync(Task before, string command)
    {
        await before.ConfigureAwait(false);
        try
        {
            await _input.WriteAsync(Encoding.ASCII.GetBytes(command + "\n")).ConfigureAwait(false);
            await _input.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The client is gone: the reading sees that.
        }
    }

    private async Task ReadAsync()
    {
        var parser = new ControlParser(this);
        var buffer = new byte[ReadBytes];
        var reason = "the terminal's tmux server ended";
        try
        {
            while (await _process.StandardOutput.BaseStream.ReadAsync(buffer).ConfigureAwait(false) is var read && read > 0)
            {
                parser.Take(buffer.AsSpan(0, read));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidDataException)
        {
            reason = e.Message;
        }

        Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        lock (_gate)
        {
            _closed = true;
        }

        _process.Dispose();
        _attached.TrySetResult(false);
        _sink.Ended(_end, reason);
    }

    private void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }
}
