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
    public async Task<StoredVms> VmsOfAsync(string node, DateTimeOffset goneSince, StoredVms? before)
    {
        var own = (await AskAsync("select id from hydravisor_vm where node = $1", node).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal);
        return await Task.Run(() => Read(node, goneSince, before, own)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<VmView?> VmAsync(InstanceId id)
    {
        const string Query = """
            select persistence_id, sequence_number, coalesce(manifest, ''), message, ordering, deleted
            from hydravisor_vm join journal on persistence_id = 'vm|' || hydravisor_vm.node || '|' || id where id = $1 order by sequence_number
            """;
        var rows = await store.AskAsync(
            Query, row => new JournalRow(row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetFieldValue<byte[]>(3), row.GetInt64(4), row.GetBoolean(5)), id.Value).ConfigureAwait(false);
        return VmPast.LastOf(rows)?.State.View();
    }

    private StoredVms Read(string node, DateTimeOffset goneSince, StoredVms? before, HashSet<string> own)
    {
        var start = $"vm|{node}|";
        using var reader = JournalReader.Open(store.Address);
        var views = before is null ? [] : new Dictionary<InstanceId, VmView>(before.Views);
        var gone = before is null ? [] : new Dictionary<InstanceId, VmView>(before.Gone);
        var streams = before is null
            ? Streams(reader.RowsFrom(start))
            : reader.RowsSince(before.Place).Select(row => row.Stream).Where(stream => stream.StartsWith(start, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList()
                .Select(stream => reader.RowsIn(stream).ToList());
        foreach (var stream in streams)
        {
            var id = InstanceId.Parse(stream[0].Stream[start.Length..]);
            views.Remove(id);
            if (VmPast.EndOf(stream)?.State is { } state && (state.Exists || state.Since >= goneSince))
            {
                (state.Exists ? views : gone)[id] = state.View();
            }
        }

        return new StoredVms(reader.Place, views, [.. views.Values.Where(view => own.Contains(view.Id.Value))]) { Gone = gone };
    }

    // One after another: a node may have many.
    private static IEnumerable<List<JournalRow>> Streams(IEnumerable<JournalRow> rows)
    {
        var stream = new List<JournalRow>();
        foreach (var row in rows)
        {
            if (stream.Count > 0 && stream[0].Stream != row.Stream)
            {
                yield return stream;
                stream = [];
            }

            stream.Add(row);
        }

        if (stream.Count > 0)
        {
            yield return stream;
        }
    }

    private Task<List<string>> AskAsync(string sql, params object?[] arguments) => store.AskAsync(sql, row => row.GetString(0), arguments);
}
