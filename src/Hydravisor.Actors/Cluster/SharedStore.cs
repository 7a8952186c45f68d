using Hydravisor.Actors.Journal;
using Npgsql;
using Polly;
using Polly.Retry;

namespace Hydravisor.Actors.Cluster;

/// <summary>Short questions to the database that nodes share. Safe for all threads.</summary>
/// <param name="address">The database.</param>
internal sealed class SharedStore(JournalAddress.Database address) : IAsyncDisposable
{
    // Questions are short, so that some connections serve many askers; a burst that opened one for each would take them from the other nodes, and from those who write.
    private const int ConnectionsMax = 16;

    // A connection from before the server was started again shows only when it is used, and there may be some in the pool.
    private static readonly ResiliencePipeline OnceMore = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions { ShouldHandle = new PredicateBuilder().Handle<NpgsqlException>(e => e.IsTransient), MaxRetryAttempts = 3, Delay = TimeSpan.FromMilliseconds(20) })
        .Build();

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(address.Text) { MaxPoolSize = ConnectionsMax }.ConnectionString);

    /// <summary>The database.</summary>
    public JournalAddress.Database Address => address;

    /// <summary>Asks; the question may reach the database more than once.</summary>
    /// <param name="sql">With arguments as $1, $2, ….</param>
    /// <param name="read">Reads one row.</param>
    /// <param name="arguments">The arguments; null is SQL's.</param>
    /// <exception cref="Exception">The database cannot be asked, or refuses.</exception>
    public Task<List<T>> AskAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object?[] arguments) =>
        OnceMore.ExecuteAsync(async _ => await AskOnceAsync(sql, read, arguments).ConfigureAwait(false)).AsTask();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task<List<T>> AskOnceAsync<T>(string sql, Func<NpgsqlDataReader, T> read, object?[] arguments)
    {
        var command = _source.CreateCommand(sql);
        await using (command.ConfigureAwait(false))
        {
            foreach (var argument in arguments)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = argument ?? DBNull.Value });
            }

            var rows = await command.ExecuteReaderAsync().ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                var found = new List<T>();
                while (await rows.ReadAsync().ConfigureAwait(false))
                {
                    found.Add(read(rows));
                }

                return found;
            }
        }
    }
}
