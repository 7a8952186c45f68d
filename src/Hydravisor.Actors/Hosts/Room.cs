using System.Text.Json.Serialization;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What a node has to give away, all in all and still. Immutable; what is over-promised counts as negative.</summary>
/// <param name="Vms">How many VMs it has.</param>
/// <param name="VmsMax">How many it may have.</param>
/// <param name="Vcpus">Virtual processors to give away, all in all.</param>
/// <param name="VcpusLeft">Those not given away.</param>
/// <param name="RamBytes">Memory to give away, all in all.</param>
/// <param name="RamLeftBytes">That not given away.</param>
/// <param name="DiskBytes">Disk to promise, all in all.</param>
/// <param name="DiskLeftBytes">That not promised.</param>
/// <param name="DiskFreeBytes">What its disk really has free.</param>
/// <param name="DiskFreeMinBytes">What must be free for a new VM to be taken.</param>
internal sealed record Room(
    int Vms, int VmsMax, long Vcpus, long VcpusLeft, long RamBytes, long RamLeftBytes, long DiskBytes, long DiskLeftBytes, long DiskFreeBytes, long DiskFreeMinBytes)
{
    /// <summary>The room of a node.</summary>
    /// <param name="there">Its VMs.</param>
    /// <param name="capacity">What its machine has.</param>
    /// <param name="settings">How much of that is given away.</param>
    public static Room Of(IReadOnlyCollection<RegistryEntry> there, Capacity capacity, HostSettings settings)
    {
        var vcpus = (long)Math.Floor(capacity.Cpus * settings.VcpuOvercommit);
        var ram = (long)((capacity.RamBytes - settings.RamReservedBytes) * settings.RamOvercommit);
        var disk = (long)(capacity.DiskBytes * settings.DiskOvercommit);
        return new Room(
            there.Count,
            settings.VmsMax,
            vcpus,
            vcpus - there.Sum(entry => (long)entry.Vcpus),
            ram,
            ram - there.Sum(entry => entry.RamBytes),
            disk,
            disk - there.Sum(entry => entry.DiskBytes),
            capacity.DiskFreeBytes,
            settings.DiskFreeMinBytes);
    }

    /// <summary>Why a VM has no room here: part of a sentence; null: it has.</summary>
    public string? WhyNot(int vcpus, long ramBytes, long diskBytes) =>
        Vms >= VmsMax ? $"it has {Vms} VMs of {VmsMax} at most (hydravisor.host.vms-max)"
        : vcpus > VcpusLeft ? $"{vcpus} vCPUs were asked for and {Math.Max(VcpusLeft, 0)} are left"
        : ramBytes > RamLeftBytes ? $"{new ByteSize(ramBytes)} of memory were asked for and {InMegabytes(RamLeftBytes)} are left"
        : diskBytes > DiskLeftBytes ? $"{new ByteSize(diskBytes)} of disk were asked for and {InMegabytes(DiskLeftBytes)} are left"
        : DiskFreeBytes < DiskFreeMinBytes ? $"its disk has {InMegabytes(DiskFreeBytes)} free, and {InMegabytes(DiskFreeMinBytes)} must be (hydravisor.host.disk-free-min)"
        : null;

    /// <summary>The room with one VM more.</summary>
    public Room With(int vcpus, long ramBytes, long diskBytes) => this with
    {
        Vms = Vms + 1,
        VcpusLeft = VcpusLeft - vcpus,
        RamLeftBytes = RamLeftBytes - ramBytes,
        DiskLeftBytes = DiskLeftBytes - diskBytes,
    };

    /// <summary>How full it is, from 0 to 1: of what is given away most of.</summary>
    [JsonIgnore]
    public double Fullness => Math.Max(Share(VcpusLeft, Vcpus), Math.Max(Share(RamLeftBytes, RamBytes), Share(DiskLeftBytes, DiskBytes)));

    private static double Share(long left, long all) => all <= 0 ? 1 : 1 - ((double)Math.Max(left, 0) / all);

    private static string InMegabytes(long bytes) => $"{Math.Max(bytes, 0) >> 20}MB";
}
