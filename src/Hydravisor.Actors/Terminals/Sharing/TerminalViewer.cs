using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals.Sharing;

/// <summary>One who streams a VM's terminal. Safe for all threads, but see <see cref="IFeed"/>.</summary>
internal sealed class TerminalViewer : ITerminalFeed
{
    private readonly SharedTerminal _terminal;

    /// <summary>Made by <see cref="NodeTerminals.Attach"/>.</summary>
    internal TerminalViewer(SharedTerminal terminal, long number, TerminalRole role, Action wake) => (_terminal, Number, Role, Wake) = (terminal, number, role, wake);

    /// <inheritdoc/>
    public TerminalRole Role { get; }

    /// <inheritdoc/>
    public string? Ended => _terminal.EndedFor(this);

    internal long Number { get; }

    internal Action Wake { get; }

    // All of these belong to the terminal, under its lock.
    internal long Place { get; set; }

    internal long? ScreenWanted { get; set; }

    internal bool Sleeps { get; set; }

    /// <inheritdoc/>
    public bool TryTake(out ReadOnlyMemory<byte> lines) => _terminal.TryTake(this, out lines);

    /// <inheritdoc/>
    public Task<Outcome> TypeAsync(ReadOnlyMemory<byte> bytes) => _terminal.TypeAsync(this, bytes);

    /// <inheritdoc/>
    public Task<Outcome> ResizeAsync(int cols, int rows) => Task.FromResult(_terminal.Resize(this, cols, rows));

    /// <summary>Leaves.</summary>
    public void Dispose() => _terminal.Leave(this);
}
