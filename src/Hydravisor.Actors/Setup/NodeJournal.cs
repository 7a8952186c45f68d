using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Migration;
using Hydravisor.Actors.Setup.Postgres;

namespace Hydravisor.Actors.Setup;

/// <summary>A node's journal, ready to be written: its own file, or a database that nodes share. Disposing of it lets it go.</summary>
internal sealed class NodeJournal : IAsyncDisposable
{
    private readonly NodeClaim? _claim;
    private readonly JournalFileLook? _look;

    private NodeJournal(JournalAddress address, NodeClaim? claim, JournalFileLook? look) => (Address, _claim, _look) = (address, claim, look);

    /// <summary>Where it is, for this process to write.</summary>
    public JournalAddress Address { get; }

    /// <summary>The epoch in which this process is its node; null for a file, which has one writer by its lock.</summary>
    public long? Epoch => _claim?.Epoch;

    /// <summary>Completed when this process may write it no more, with the reason; never for a file.</summary>
    public Task<string> Ended => _claim?.Ended ?? new TaskCompletionSource<string>().Task;

    /// <summary>Where the journal of a data directory is.</summary>
    /// <param name="settings">What the operator set.</param>
    public static JournalAddress AddressOf(NodeSettings settings) =>
        settings.Journal ?? new JournalAddress.SqliteFile(Path.Combine(settings.DataDirectory, DataDirectory.JournalName));

    /// <summary>Makes it ready.</summary>
    /// <param name="settings">What the operator set.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tell">Told what an operator should know.</param>
    /// <exception cref="SettingException">It cannot be used.</exception>
    public static async Task<NodeJournal> OpenAsync(NodeSettings settings, string node, TimeProvider time, Action<string> tell)
    {
        var address = AddressOf(settings);
        if (MigratedFile.WhyNotBegin(address, Path.Combine(settings.DataDirectory, DataDirectory.JournalName)) is { } why)
        {
            throw new SettingException(why);
        }

        switch (address)
        {
            case JournalAddress.Database database:
                var claim = await NodeClaim.TakeAsync(database, node, settings.JournalClaimTimeout, time, tell, settings.Cluster?.Listen).ConfigureAwait(false);
                return new NodeJournal(claim.Journal, claim, look: null);
            case JournalAddress.SqliteFile file:
                JournalFile.Prepare(file.File);
                return new NodeJournal(file, claim: null, new JournalFileLook(file.File, time));
            default:
                throw new InvalidOperationException("A journal is a file or a database.");
        }
    }

    /// <summary>Whether it can be written, as far as that is known without writing.</summary>
    /// <returns>Since when it cannot; null: it can.</returns>
    public Task<DateTimeOffset?> AwaySinceAsync() => _look?.AwaySinceAsync() ?? Task.FromResult(_claim?.SilentSince);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _claim?.DisposeAsync() ?? ValueTask.CompletedTask;
}
