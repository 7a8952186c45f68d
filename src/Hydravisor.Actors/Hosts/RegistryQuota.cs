using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>The most that one agent may have of a node, all its VMs together. Pure.</summary>
/// <param name="Role">The role that sets the limits.</param>
/// <param name="Limits">The limits.</param>
internal sealed record RegistryQuota(string Role, RoleLimits Limits)
{
    /// <summary>Why one more VM would be too much; null: it would not.</summary>
    public Registration.Refused? Refusal(RegistryState state, RegistryEntry wanted)
    {
        var own = state.Entries.Values.Where(entry => entry.Retired is null && entry.Agent == wanted.Agent).ToList();
        if (own.Count + 1 > Limits.Vms)
        {
            return TooMuch($"{Limits.Vms} VMs at once, and this one has {own.Count}");
        }

        var vcpus = own.Sum(entry => (long)entry.Vcpus);
        if (vcpus + wanted.Vcpus > Limits.Vcpus)
        {
            return TooMuch($"{Limits.Vcpus} vCPUs, and this one has {vcpus} and asks for {wanted.Vcpus}");
        }

        var ram = own.Sum(entry => entry.RamBytes);
        if (ram + wanted.RamBytes > Limits.RamBytes)
        {
            return TooMuch($"{new ByteSize(Limits.RamBytes.Value)} of memory, and this one has {new ByteSize(ram)} and asks for {new ByteSize(wanted.RamBytes)}");
        }

        var disk = own.Sum(entry => entry.DiskBytes);
        return disk + wanted.DiskBytes > Limits.DiskBytes
            ? TooMuch($"{new ByteSize(Limits.DiskBytes.Value)} of disk, and this one has {new ByteSize(disk)} and asks for {new ByteSize(wanted.DiskBytes)}")
            : null;
    }

    private Registration.Refused TooMuch(string why) =>
        new(ErrorCode.TooMany, $"the role '{Role}' lets an agent have {why}; delete a VM, or ask for less");
}
