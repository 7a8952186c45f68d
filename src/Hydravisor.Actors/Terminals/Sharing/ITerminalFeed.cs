using Hydravisor.Actors.Feeds;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Terminals.Sharing;

/// <summary>One who streams a VM's terminal, and may type into its console: as <see cref="IHypervisor.TypeAsync"/>; failed for an auditor. Safe for all threads, but see <see cref="IFeed"/>.</summary>
internal interface ITerminalFeed : IInputFeed
{
    /// <summary>What it may do.</summary>
    TerminalRole Role { get; }

    /// <summary>Says which size it would like. It gets it where it typed last, or as soon as it types.</summary>
    /// <param name="cols">Characters, from 1 to <see cref="Limits.TerminalColsMax"/>.</param>
    /// <param name="rows">Lines, from 1 to <see cref="Limits.TerminalRowsMax"/>.</param>
    /// <returns>Failed for an auditor, and for a size that is none.</returns>
    Task<Outcome> ResizeAsync(int cols, int rows);
}
