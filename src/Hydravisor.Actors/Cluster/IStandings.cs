using System.Net;

namespace Hydravisor.Actors.Cluster;

/// <summary>Which processes are nodes, as the store that they share knows it: the one place that all of them can ask. Safe for all threads.</summary>
internal interface IStandings
{
    /// <summary>Where nodes that live and began before this one listen for the others, the first to begin first.</summary>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<IReadOnlyList<IPEndPoint>> EldersAsync();

    /// <summary>Ends what a process may write. A later process of that name, and all that it wrote before, stay as they are.</summary>
    /// <param name="lost">The name of the node that it was.</param>
    /// <param name="epoch">The epoch in which it was that.</param>
    /// <returns>Completed when it can write nothing more.</returns>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task FenceAsync(string lost, long epoch);
}
