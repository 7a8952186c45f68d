using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;

namespace Hydravisor.Actors.Setup;

/// <summary>A node's journal, ready to be written: its own file, or a database that nodes share. Disposing of it lets it go.</summary>
internal sealed class NodeJournal : IAsyncDisposable
{
    private readonly NodeClaim? _claim;

    private NodeJournal(JournalAddress address, NodeClaim? claim) => (Address, _claim) = (address, claim);

    /// <summary>Where it is, for this process to write.</summary>
    public JournalAddress Address { get; }

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
        switch (AddressOf(settings))
        {
            case JournalAddress.Database database:
                var claim = await NodeClaim.TakeAsync(database, node, settings.JournalClaimTimeout, time, tell).ConfigureAwait(false);
                return new NodeJournal(claim.Journal, claim);
            case JournalAddress.SqliteFile file:
                JournalFile.Prepare(file.File);
                return new NodeJournal(file, claim: null);
            default:
                throw new InvalidOperationException("A journal is a file or a database.");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _claim?.DisposeAsync() ?? ValueTask.CompletedTask;
}
