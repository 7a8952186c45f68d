namespace Hydravisor.Libvirt;

/// <summary>What a migration needs to know (libvirt-domain.h, "VIR_MIGRATE_PARAM"). Immutable.</summary>
/// <param name="MemoryUri">Where the source's daemon reaches the destination's QEMU with the memory, such as <c>unix:///path</c>.</param>
/// <param name="DisksUri">Where the source's QEMU reaches the destination's with the disks; needed where disks are copied.</param>
/// <param name="Definition">The domain as the destination is to have it: what the guest sees must be the same. Null: as it is.</param>
/// <param name="Disks">The target names of the disks that are copied, such as <c>vda</c>.</param>
public sealed record DomainMigration(string MemoryUri, string? DisksUri, string? Definition, IReadOnlyList<string> Disks)
{
    /// <summary>The same as libvirt names it.</summary>
    internal IEnumerable<(string Name, string Value)> Parameters()
    {
        yield return ("migrate_uri", MemoryUri);
        if (DisksUri is not null)
        {
            yield return ("disks_uri", DisksUri);
        }

        if (Definition is not null)
        {
            yield return ("destination_xml", Definition);
        }

        foreach (string disk in Disks)
        {
            yield return ("migrate_disks", disk);
        }
    }
}
