using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals.Sharing;

/// <summary>How a node shares its terminals.</summary>
internal sealed record SharingSettings
{
    /// <summary>Bytes of encoded output that are kept of each terminal that is streamed.</summary>
    public int RingBytesMax { get; init; } = 256 * 1024;

    /// <summary>How long until a terminal that could not be reached is tried again.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often it is looked at what people do who are attached on the node itself, while one who streams owns the size.</summary>
    public TimeSpan LocalsPoll { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>All terminals of a node that are streamed: one tap for each, whatever the number of viewers, and none without. Safe for all threads.</summary>
/// <param name="terminals">The sessions.</param>
/// <param name="hypervisor">Who types into consoles.</param>
/// <param name="ensure">Has a VM's session there (again). Done: it is. Unavailable: it is asked again after a pause. Failed: those who stream are told why, and it ends.
/// It must know of deletions, or a session would come up again behind one.</param>
/// <param name="time">The clock.</param>
/// <param name="settings">The bounds.</param>
/// <param name="resized">Told the size of each screen that is shown, where it is another than before; must not block.</param>
internal sealed class NodeTerminals(
    ITerminals terminals,
    IHypervisor hypervisor,
    Func<InstanceId, Task<Outcome>> ensure,
    TimeProvider time,
    SharingSettings? settings = null,
    Action<InstanceId, int, int>? resized = null) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<InstanceId, SharedTerminal> _shared = [];
    private long _numbers;
    private bool _closed;

    /// <summary>Begins to stream a terminal: first the screen as it is, then what comes.</summary>
    /// <param name="id">The VM.</param>
    /// <param name="role">What the viewer may do.</param>
    /// <param name="size">The size that an operator would like; null: any. Counts as <see cref="TerminalViewer.ResizeAsync"/>.</param>
    /// <param name="wake">Called on any thread, without a lock, once after each time that nothing could be taken; must not block.</param>
    public TerminalViewer Attach(InstanceId id, TerminalRole role, (int Cols, int Rows)? size, Action wake)
    {
        TerminalViewer viewer;
        lock (_gate)
        {
            if (!_shared.TryGetValue(id, out var terminal) || terminal.IsOver)
            {
                terminal = new SharedTerminal(id, new SharedParts(terminals, hypervisor, ensure, time, settings ?? new SharingSettings(), resized));
                _shared[id] = terminal;
                _ = ForgetAsync(id, terminal);
            }

            viewer = new TerminalViewer(terminal, ++_numbers, role, wake);
            terminal.Join(viewer);
            if (_closed)
            {
                terminal.End("the node ends");
            }
        }

        if (size is { } wish && role == TerminalRole.Operator)
        {
            _ = viewer.ResizeAsync(wish.Cols, wish.Rows);
        }

        return viewer;
    }

    /// <summary>Ends the stream of a VM's terminal, since the VM is deleted, or off for good. Before its session is closed.</summary>
    /// <returns>Done when nothing ensures the session any more.</returns>
    public Task EndAsync(InstanceId id, string reason)
    {
        lock (_gate)
        {
            if (_shared.TryGetValue(id, out var terminal))
            {
                terminal.End(reason);
                return terminal.Completion;
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Ends all streams and waits until no tap is left.</summary>
    public async ValueTask DisposeAsync()
    {
        List<SharedTerminal> all;
        lock (_gate)
        {
            _closed = true;
            all = [.. _shared.Values];
        }

        all.ForEach(terminal => terminal.End("the node ends"));
        await Task.WhenAll(all.Select(terminal => terminal.Completion)).ConfigureAwait(false);
    }

    private async Task ForgetAsync(InstanceId id, SharedTerminal terminal)
    {
        await terminal.Completion.ConfigureAwait(false);
        lock (_gate)
        {
            if (_shared.GetValueOrDefault(id) == terminal)
            {
                _shared.Remove(id);
            }
        }
    }
}

/// <summary>What a shared terminal works with.</summary>
internal sealed record SharedParts(
    ITerminals Terminals, IHypervisor Hypervisor, Func<InstanceId, Task<Outcome>> Ensure, TimeProvider Time, SharingSettings Settings,
    Action<InstanceId, int, int>? Resized);
