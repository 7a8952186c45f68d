using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Checking;

/// <summary>What there is when all is healed and nobody asks for anything any more.</summary>
/// <param name="Lists">The answer of each node to <c>vm/list</c>, under its name.</param>
/// <param name="Places">The rows of <c>hydravisor_vm</c>.</param>
/// <param name="Journal">The rows of the journal, by stream and number.</param>
/// <param name="Guests">What there is on the hypervisors.</param>
/// <param name="Troubles">What the driver saw that is a finding by itself: a node that did not come back, an audit that found something.</param>
internal sealed record FinalState(
    IReadOnlyDictionary<string, IReadOnlyList<SeenState>> Lists,
    IReadOnlyList<PlacedVm> Places,
    IReadOnlyList<StoredRow> Journal,
    IReadOnlyList<Guest> Guests,
    IReadOnlyList<Finding> Troubles)
{
    private ILookup<string, StoredRow>? _lives;
    private HashSet<string>? _moved;

    /// <summary>What was stored of each VM, in the order in which it was: over all nodes that had it.</summary>
    public ILookup<string, StoredRow> Lives => _lives ??= Journal.Where(row => row.Vm is not null).OrderBy(row => row.Stored).ThenBy(row => row.Number).ToLookup(row => row.Vm!);

    /// <summary>The VMs that went from one node to another.</summary>
    public IReadOnlySet<string> Moved => _moved ??= [.. Journal.Where(row => row is { Vm: not null, Manifest: StoredRow.Adopted }).Select(row => row.Vm!)];
}

/// <summary>Where the database says that a VM is.</summary>
/// <param name="Vm">Which one.</param>
/// <param name="Node">The node that has it.</param>
/// <param name="State"><c>reserved</c>, <c>there</c> or <c>deleted</c>.</param>
internal sealed record PlacedVm(string Vm, string Node, string State);

/// <summary>One event of the journal.</summary>
/// <param name="Stream">Its stream.</param>
/// <param name="Number">Its place in it.</param>
/// <param name="Stored">Its place in the order in which all were stored.</param>
/// <param name="Manifest">What it is.</param>
/// <param name="Writer">The actor's life that wrote it.</param>
/// <param name="RequestId">The request that caused it; null: none.</param>
internal sealed record StoredRow(string Stream, long Number, long Stored, string Manifest, string Writer, string? RequestId)
{
    /// <summary>Another node's event that it goes on with a VM.</summary>
    public const string Adopted = "vm.adopted.v1";

    /// <summary>A node's event that a VM is another one's.</summary>
    public const string Released = "vm.released.v1";

    /// <summary>The VM whose stream it is; null: it is no VM's.</summary>
    public string? Vm => Stream.Split('|') is ["vm", _, var vm] ? vm : null;

    /// <summary>The node whose stream it is.</summary>
    public string Node => Stream.Split('|') is [_, var node, ..] ? node : "";
}

/// <summary>A guest on the hypervisor of a node.</summary>
/// <param name="Node">The node.</param>
/// <param name="Vm">Whose it is.</param>
/// <param name="Power"><c>running</c>, <c>paused</c>, <c>off</c>, or <c>directory</c>: only its directory is there.</param>
internal sealed record Guest(string Node, string Vm, string Power);
