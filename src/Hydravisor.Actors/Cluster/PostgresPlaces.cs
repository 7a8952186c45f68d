using Hydravisor.Actors.Journal;
using Hydravisor.Protocol;
using Npgsql;

namespace Hydravisor.Actors.Cluster;

/// <summary>The places of VMs in the database that holds the journal: written by it with the first event of each.</summary>
internal sealed class PostgresPlaces(JournalAddress.Database journal) : IPlaces, IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(journal.Text);

    /// <inheritdoc/>
    public async Task<string?> FindAsync(InstanceId id)
    {
        var command = _source.CreateCommand("select node from hydravisor_vm where id = $1");
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddWithValue(id.Value);
            return await command.ExecuteScalarAsync().ConfigureAwait(false) as string;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
