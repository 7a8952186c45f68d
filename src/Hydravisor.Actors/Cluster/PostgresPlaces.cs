using System.Text.Json;
using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Npgsql;
using Polly;
using Polly.Retry;

namespace Hydravisor.Actors.Cluster;

/// <summary>The places of VMs in the database that holds the journal: written by it with the first event of each.</summary>
internal sealed class PostgresPlaces(JournalAddress.Database journal) : IPlaces, IAsyncDisposable
{
    // A connection from before the server was started again shows only when it is used, and there may be some in the pool.
    private static readonly ResiliencePipeline OnceMore = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions { ShouldHandle = new PredicateBuilder().Handle<NpgsqlException>(e => e.IsTransient), MaxRetryAttempts = 3, Delay = TimeSpan.FromMilliseconds(20) })
        .Build();

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(journal.Text);

    /// <inheritdoc/>
    public async Task<string?> FindAsync(InstanceId id) => (await AskAsync("select node from hydravisor_vm where id = $1", id.Value).ConfigureAwait(false)).FirstOrDefault();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> NodesAsync() => await AskAsync("select distinct node from hydravisor_vm where $1 is not null", "").ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<VmView>> VmsOfAsync(string node)
    {
        var own = (await AskAsync("select id from hydravisor_vm where node = $1", node).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal);
        return await Task.Run(() => Read(node, own)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private List<VmView> Read(string node, HashSet<string> own)
    {
        using var reader = JournalReader.Open(journal);
        var (views, stream) = (new List<VmView>(), new List<JournalRow>());
        foreach (var row in reader.RowsFrom($"vm|{node}|"))
        {
            if (stream.Count > 0 && stream[0].Stream != row.Stream)
            {
                Add(views, stream, own);
                stream.Clear();
            }

            stream.Add(row);
        }

        Add(views, stream, own);
        return views;
    }

    private static void Add(List<VmView> views, List<JournalRow> stream, HashSet<string> own)
    {
        try
        {
            if (stream.Count > 0 && VmPast.At(stream, DateTimeOffset.MaxValue) is { State.Exists: true } past && own.Contains(past.State.Id!.Value))
            {
                views.Add(past.State.View());
            }
        }
        catch (Exception e) when (e is BrokenChainException or ContradictionException or JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            // Its node would not serve it either; audit verify names it.
        }
    }

    private Task<List<string>> AskAsync(string sql, string argument) =>
        OnceMore.ExecuteAsync(async _ => await AskOnceAsync(sql, argument).ConfigureAwait(false)).AsTask();

    private async Task<List<string>> AskOnceAsync(string sql, string argument)
    {
        var command = _source.CreateCommand(sql);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.AddWithValue(argument);
            var rows = await command.ExecuteReaderAsync().ConfigureAwait(false);
            await using (rows.ConfigureAwait(false))
            {
                var found = new List<string>();
                while (await rows.ReadAsync().ConfigureAwait(false))
                {
                    found.Add(rows.GetString(0));
                }

                return found;
            }
        }
    }
}
