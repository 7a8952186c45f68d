using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>VMs that go from one node to another, as the database that holds the journal knows them: see docs/decisions/0022-a-lost-vm-is-adopted-in-one-write.md and docs/decisions/0023-a-vm-moves-when-the-other-node-has-its-disk.md.</summary>
/// <param name="store">The database.</param>
internal sealed class PostgresAdoptions(SharedStore store) : IAdoptions, IStranded
{
    private const string Stranded = """
        select vm.id, vm.node from hydravisor_vm vm join hydravisor_node node on node.name = vm.node
        where vm.restart and vm.state = 'there' and node.fenced_by is not null and vm.id <> all($1)
            and (vm.released_to is null or exists (select from hydravisor_node target where target.name = vm.released_to and target.fenced_by is not null))
        order by vm.id limit $2
        """;

    /// <inheritdoc/>
    public async Task<VmLeft?> FindAsync(InstanceId id)
    {
        var node = (await store.AskAsync("select node from hydravisor_vm where id = $1 and state = 'there'", row => row.GetString(0), id.Value).ConfigureAwait(false)).FirstOrDefault();
        return node is null ? null : await Task.Run(() => Read(node, id)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<InstanceId, string>> DepartedAsync(string node) => (await store.AskAsync(
        "select vm.id, vm.node from hydravisor_vm vm where vm.moved is not null and vm.node <> $1 and exists (select from journal where persistence_id = 'vm|' || $1 || '|' || vm.id)",
        row => (Id: InstanceId.Parse(row.GetString(0)), Node: row.GetString(1)),
        node).ConfigureAwait(false)).ToDictionary(row => row.Id, row => row.Node);

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<InstanceId, string>> ReleasedToAsync(string node) => (await store.AskAsync(
        "select id, node from hydravisor_vm where released_to = $1 and state = 'there'",
        row => (Id: InstanceId.Parse(row.GetString(0)), Node: row.GetString(1)),
        node).ConfigureAwait(false)).ToDictionary(row => row.Id, row => row.Node);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReleasedVm>> WhereAreAsync(IReadOnlyCollection<InstanceId> ids) => await store.AskAsync(
        "select vm.id, vm.node, target.fenced_by is not null from hydravisor_vm vm left join hydravisor_node target on target.name = vm.released_to where vm.id = any($1)",
        row => new ReleasedVm(InstanceId.Parse(row.GetString(0)), row.GetString(1), row.GetBoolean(2)),
        (object)ids.Select(id => id.Value).ToArray()).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StrandedVm>> ListAsync(IReadOnlyCollection<InstanceId> except, int max) => await store.AskAsync(
        Stranded,
        row => new StrandedVm(InstanceId.Parse(row.GetString(0)), row.GetString(1)),
        except.Select(id => id.Value).ToArray(), max).ConfigureAwait(false);

    private VmLeft? Read(string node, InstanceId id)
    {
        var stream = VmActor.StreamOf(node, id);
        using var reader = JournalReader.Open(store.Address);
        var rows = reader.RowsIn(stream).ToList();
        return VmPast.LastOf(rows) is { } past ? new VmLeft(new StreamHead(stream, past.Sequence, EventHash.Of(rows[^1].Manifest, rows[^1].Bytes).Hex), past.State) : null;
    }
}
