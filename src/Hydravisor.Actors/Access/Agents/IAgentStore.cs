namespace Hydravisor.Actors.Access.Agents;

/// <summary>Where the agents are kept: a file of one node, or a database that nodes share. Safe for all threads and processes.</summary>
internal interface IAgentStore
{
    /// <summary>How often it is looked at for changes without being told to.</summary>
    TimeSpan LookEvery { get; }

    /// <summary>Reads all agents, unless they are as they were.</summary>
    /// <param name="stamp">The stamp of the reading before; null: there is none.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Null: nothing changed since that reading.</returns>
    /// <exception cref="AgentException">They cannot be read, or what was read cannot be understood.</exception>
    Task<AgentReading?> ReadSinceAsync(string? stamp, CancellationToken cancellation = default);

    /// <summary>Changes the agents: no change of another process comes between the reading and the writing.</summary>
    /// <param name="change">Makes the new book of the present one; the same one: nothing is written.</param>
    /// <param name="cancellation">Ends the wait for another process that is at work.</param>
    /// <returns>The book as it is kept now.</returns>
    /// <exception cref="AgentException">The change cannot be, or the store cannot be used. It is as it was, unless the message says otherwise.</exception>
    Task<AgentBook> ChangeAsync(Func<AgentBook, AgentBook> change, CancellationToken cancellation = default);

    /// <summary>Has somebody told at once of changes, where that is possible; it may stay silent all the same.</summary>
    /// <param name="rings">Called from any thread.</param>
    /// <returns>Ends it; null: there is no such thing here.</returns>
    /// <exception cref="AgentException">There should be one, and it cannot be had.</exception>
    IDisposable? Listen(Action rings);

    /// <summary>All agents.</summary>
    /// <exception cref="AgentException">They cannot be read.</exception>
    async Task<AgentBook> ReadAsync(CancellationToken cancellation = default) => (await ReadSinceAsync(stamp: null, cancellation).ConfigureAwait(false))!.Book;
}

/// <summary>What was read of a store.</summary>
/// <param name="Stamp">Another one after each change.</param>
/// <param name="Book">The agents.</param>
internal sealed record AgentReading(string Stamp, AgentBook Book);
