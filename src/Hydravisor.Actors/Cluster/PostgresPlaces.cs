using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>The places of VMs in the database that holds the journal: written by it with the first event of each.</summary>
/// <param name="store">The database.</param>
internal sealed class PostgresPlaces(SharedStore store) : IPlaces
{
    /// <inheritdoc/>
    public async Task<string?> FindAsync(InstanceId id) => (await AskAsync("select node from hydravisor_vm where id = $1", id.Value).ConfigureAwait(false)).FirstOrDefault();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> NodesAsync() => await AskAsync("select distinct node from hydravisor_vm").ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<VmMoves> MovesAsync(long after)
    {
        var rows = await store.AskAsync(
            "select id, node, moved from hydravisor_vm where moved > $1 order by moved", row => (Id: InstanceId.Parse(row.GetString(0)), To: row.GetString(1), Number: row.GetInt64(2)), after).ConfigureAwait(false);
        return new VmMoves([.. rows.Select(row => (row.Id, row.To))], rows.Count == 0 ? after : rows[^1].Number);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<VmView>> VmsOfAsync(string node)
    {
        var own = (await AskAsync("select id from hydravisor_vm where node = $1", node).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal);
        return await Task.Run(() => Read(node, own)).ConfigureAwait(false);
    }

    private List<VmView> Read(string node, HashSet<string> own)
    {
        using var reader = JournalReader.Open(store.Address);
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
        if (VmPast.LastOf(stream) is { } past && own.Contains(past.State.Id!.Value))
        {
            views.Add(past.State.View());
        }
    }

    private Task<List<string>> AskAsync(string sql, params object?[] arguments) => store.AskAsync(sql, row => row.GetString(0), arguments);
}
