using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals.Sharing;

/// <summary>One who streams a VM's terminal. Safe for all threads, but see <see cref="IFeed"/>.</summary>
internal sealed class TerminalViewer : IFeed
{
    private readonly SharedTerminal _terminal;

    /// <summary>Made by <see cref="NodeTerminals.Attach"/>.</summary>
    internal TerminalViewer(SharedTerminal terminal, long number, TerminalRole role, Action wake) => (_terminal, Number, Role, Wake) = (terminal, number, role, wake);

    /// <summary>What it may do.</summary>
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

    /// <summary>Types into the console.</summary>
    /// <param name="bytes">Not to be changed before the outcome.</param>
    /// <returns>As <see cref="IHypervisor.TypeAsync"/>; failed for an auditor.</returns>
    public Task<Outcome> TypeAsync(ReadOnlyMemory<byte> bytes) => _terminal.TypeAsync(this, bytes);

    /// <summary>Says which size it would like. It gets it where it typed last, or as soon as it types.</summary>
    /// <param name="cols">Characters, from 1 to <see cref="Limits.TerminalColsMax"/>.</param>
    /// <param name="rows">Lines, from 1 to <see cref="Limits.TerminalRowsMax"/>.</param>
    /// <returns>Failed for an auditor, and for a size that is none.</returns>
    public Task<Outcome> ResizeAsync(int cols, int rows) => Task.FromResult(_terminal.Resize(this, cols, rows));

    /// <summary>Leaves.</summary>
    public void Dispose() => _terminal.Leave(this);
}
