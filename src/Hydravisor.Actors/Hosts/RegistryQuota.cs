using Hydravisor.Actors.Access;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>The most that one agent may have, all its VMs together. Pure.</summary>
/// <param name="Role">The role that sets the limits.</param>
/// <param name="Limits">The limits.</param>
internal sealed record RegistryQuota(string Role, RoleLimits Limits)
{
    /// <summary>Why one more VM would be too much; null: it would not.</summary>
    /// <param name="use">What the agent has.</param>
    /// <param name="wanted">What it wants.</param>
    public Registration.Refused? Refusal(Use use, RegistryEntry wanted)
    {
        if (use.Vms + 1 > Limits.Vms)
        {
            return TooMuch($"{Limits.Vms} VMs at once, and this one has {use.Vms}");
        }

        if (use.Vcpus + wanted.Vcpus > Limits.Vcpus)
        {
            return TooMuch($"{Limits.Vcpus} vCPUs, and this one has {use.Vcpus} and asks for {wanted.Vcpus}");
        }

        if (use.RamBytes + wanted.RamBytes > Limits.RamBytes)
        {
            return TooMuch($"{new ByteSize(Limits.RamBytes.Value)} of memory, and this one has {new ByteSize(use.RamBytes)} and asks for {new ByteSize(wanted.RamBytes)}");
        }

        return use.DiskBytes + wanted.DiskBytes > Limits.DiskBytes
            ? TooMuch($"{new ByteSize(Limits.DiskBytes.Value)} of disk, and this one has {new ByteSize(use.DiskBytes)} and asks for {new ByteSize(wanted.DiskBytes)}")
            : null;
    }

    private Registration.Refused TooMuch(string why) =>
        new(ErrorCode.TooMany, $"the role '{Role}' lets an agent have {why}; delete a VM, or ask for less");

    /// <summary>What an agent has, all its VMs together.</summary>
    internal sealed record Use(long Vms, long Vcpus, long RamBytes, long DiskBytes)
    {
        /// <summary>What it has of one node.</summary>
        public static Use Of(RegistryState state, string agent)
        {
            var own = state.There.Where(entry => entry.Agent == agent).ToList();
            return new Use(own.Count, own.Sum(entry => (long)entry.Vcpus), own.Sum(entry => entry.RamBytes), own.Sum(entry => entry.DiskBytes));
        }
    }
}
