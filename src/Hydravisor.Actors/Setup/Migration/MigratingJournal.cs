using Hydravisor.Actors.Audit;

namespace Hydravisor.Actors.Setup.Migration;

/// <summary>What a journal that is to be migrated has. Immutable.</summary>
/// <param name="Node">Whose it is, by its directory.</param>
/// <param name="File">The file, for messages.</param>
/// <param name="Strange">Why this program does not know its form; null: it does.</param>
/// <param name="Foreign">A stream that is not the node's; null: there is none.</param>
/// <param name="Check">What the check of its chain came to.</param>
/// <param name="Snapshots">How many snapshots.</param>
/// <param name="Marks">How many marks of deletion.</param>
/// <param name="Vms">The VMs that are there.</param>
/// <param name="DeletedVms">How many were there.</param>
internal sealed record MigratingJournal(
    string Node, string File, string? Strange, string? Foreign, JournalCheck Check, long Snapshots, long Marks, IReadOnlyList<MigratingVm> Vms, long DeletedVms);

/// <summary>A VM whose name and id must be nobody else's.</summary>
/// <param name="Id">Its instance id.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct MigratingVm(string Id, string Name);

/// <summary>What a database has that bears on a migration. Immutable.</summary>
/// <param name="Database">The database, for messages.</param>
/// <param name="Check">What the check of the node's chain there came to; null: it has nothing of the node.</param>
/// <param name="Conflicts">What the VMs want that is somebody's already.</param>
internal sealed record MigrationTarget(string Database, JournalCheck? Check, IReadOnlyList<MigrationConflict> Conflicts);

/// <summary>A name or an id that a VM cannot have.</summary>
/// <param name="Vm">The VM.</param>
/// <param name="OtherId">Who has it.</param>
/// <param name="OtherNode">Of which node.</param>
internal sealed record MigrationConflict(MigratingVm Vm, string OtherId, string OtherNode)
{
    /// <summary>For a person.</summary>
    public override string ToString() => Vm.Id == OtherId
        ? $"{Vm.Id} ('{Vm.Name}'): the node {OtherNode} has or had a VM of that id, made by the same request"
        : $"{Vm.Id}: its name '{Vm.Name}' is that of {OtherId} on the node {OtherNode}";
}
