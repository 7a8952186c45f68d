using System.Collections.Concurrent;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals.Simulated;

/// <summary>Terminal sessions without a terminal: noted in memory, or in a directory where one is given.</summary>
/// <remarks>In a directory, one file per session, they outlive the process, as those of tmux do.</remarks>
internal sealed class SimulatedTerminals : ITerminals
{
    private readonly string? _directory;
    private readonly FileWork _files = new();

    // Only touched in its work.
    private readonly Dictionary<InstanceId, string> _sessions = [];

    private readonly ConcurrentDictionary<InstanceId, string?> _consoles = new();
    private readonly ConcurrentDictionary<SimulatedTap, InstanceId> _taps = new();

    /// <summary>Makes the terminals.</summary>
    /// <param name="directory">Where the sessions are noted; made where it is missing. Null: in memory.</param>
    /// <param name="faults">What goes wrong; the calls are named <c>Ensure</c>, <c>Close</c>, <c>List</c> and <c>Tap</c>.</param>
    public SimulatedTerminals(string? directory = null, SimulatedFaults? faults = null)
    {
        _directory = directory is null ? null : Path.GetFullPath(directory);
        Faults = faults ?? new SimulatedFaults();
        if (_directory is not null)
        {
            Directory.CreateDirectory(_directory);
        }
    }

    /// <summary>What goes wrong, and what was called.</summary>
    public SimulatedFaults Faults { get; }

    /// <inheritdoc/>
    public event Action<InstanceId>? Lost;

    /// <summary>When somebody on the node itself was active last; null: nobody is there.</summary>
    public DateTimeOffset? LocalsActive { get; set; }

    /// <summary>The session goes as when its server is killed.</summary>
    public void Lose(InstanceId id)
    {
        _consoles.TryRemove(id, out _);
        EndTaps(id, TapEnd.Lost);
        Lost?.Invoke(id);
    }

    /// <inheritdoc/>
    /// <remarks>Nobody types here but by the wire: nothing is kept of it. The console is a file that is followed, where its command is <c>tail</c>.</remarks>
    public async Task<Outcome<TerminalSession>> EnsureAsync(InstanceId id, IReadOnlyList<string> console, string? typedLog = null)
    {
        var command = ShellWord.Join(console);
        var outcome = await CallAsync("Ensure", id, () =>
        {
            Note(id, command);
            _consoles[id] = console[0] == "tail" ? console[^1] : null;
        }).ConfigureAwait(false);
        return outcome.IsDone
            ? Outcome<TerminalSession>.Done(new TerminalSession(DomainPlan.DomainName(id), command, command + " < /dev/null"))
            : new Outcome<TerminalSession>(outcome, null);
    }

    /// <inheritdoc/>
    public Task<Outcome> CloseAsync(InstanceId id) => CallAsync("Close", id, () =>
    {
        _sessions.Remove(id);
        _consoles.TryRemove(id, out _);
        EndTaps(id, TapEnd.Closed);
        if (_directory is not null)
        {
            File.Delete(FileOf(id));
        }
    });

    /// <inheritdoc/>
    public async Task<Outcome<IReadOnlyList<InstanceId>>> ListAsync()
    {
        IReadOnlyList<InstanceId> list = [];
        var outcome = await CallAsync("List", null, () => list = Sessions()).ConfigureAwait(false);
        return new Outcome<IReadOnlyList<InstanceId>>(outcome, list);
    }

    /// <inheritdoc/>
    public async Task<Outcome<ITerminalTap>> TapAsync(InstanceId id, ITerminalSink sink)
    {
        SimulatedTap? tap = null;
        var outcome = await CallAsync("Tap", id, () =>
        {
            if (_consoles.TryGetValue(id, out var file))
            {
                tap = new SimulatedTap(file, sink, () => LocalsActive, TimeProvider.System);
                _taps[tap] = id;
                _ = ForgetAsync(tap);
            }
        }).ConfigureAwait(false);
        return !outcome.IsDone ? new Outcome<ITerminalTap>(outcome, null)
            : tap is null ? Outcome<ITerminalTap>.Unavailable($"{id} has no terminal session")
            : Outcome<ITerminalTap>.Done(tap);
    }

    private async Task ForgetAsync(SimulatedTap tap)
    {
        await tap.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _taps.TryRemove(tap, out _);
    }

    private void EndTaps(InstanceId id, TapEnd end)
    {
        foreach (var (tap, _) in _taps.Where(tap => tap.Value == id))
        {
            tap.End(end);
        }
    }

    private void Note(InstanceId id, string command)
    {
        if (_directory is null)
        {
            _sessions[id] = command;
        }
        else
        {
            File.WriteAllText(FileOf(id), command + "\n");
        }
    }

    private IReadOnlyList<InstanceId> Sessions() => _directory is null
        ? [.. _sessions.Keys]
        : [.. Directory.EnumerateFiles(_directory, "*.session")
            .Select(file => InstanceId.TryParse(Path.GetFileNameWithoutExtension(file), out var id) ? id : null)
            .OfType<InstanceId>()];

    private string FileOf(InstanceId id) => Path.Combine(_directory!, id.Value + ".session");

    private async Task<Outcome> CallAsync(string name, InstanceId? id, Action effect)
    {
        var (fault, released) = Faults.Next(name, id);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        switch (fault)
        {
            case SimulatedFault.Fail:
                return Outcome.Failed($"{name} was made to fail");
            case SimulatedFault.Unavailable:
                return Outcome.Unavailable("the simulated terminals are not there");
            case SimulatedFault.Hang:
                await released.ConfigureAwait(false);
                break;
        }

        try
        {
            await _files.RunAsync(effect).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Outcome.Failed(e.Message);
        }

        if (fault == SimulatedFault.HangAfterwards)
        {
            await released.ConfigureAwait(false);
        }

        return fault == SimulatedFault.LoseOutcome ? Outcome.Unavailable("the simulated outcome was lost") : Outcome.Done;
    }
}
