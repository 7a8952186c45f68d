namespace Hydravisor.Actors.Hypervisors.Libvirt.Acceleration;

/// <summary>What a verdict on acceleration depends on. With other facts it is found out anew.</summary>
/// <param name="Kernel">The kernel's release.</param>
/// <param name="Processor">The processor's model.</param>
/// <param name="Kvm">The mode of <c>/dev/kvm</c> as text; <c>none</c> where there is none.</param>
/// <param name="Qemu">QEMU's version as libvirt numbers it; 0 where it could not be asked.</param>
internal sealed record AccelerationFacts(string Kernel, string Processor, string Kvm, long Qemu)
{
    /// <summary>The device.</summary>
    public const string Device = "/dev/kvm";

    /// <summary>Whether the device is there.</summary>
    public bool HasDevice => Kvm != "none";

    /// <summary>The facts of this machine.</summary>
    public static AccelerationFacts Of(long qemu) => new(
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "",
        File.Exists(Device) ? Convert.ToString((int)File.GetUnixFileMode(Device), 8) : "none",
        qemu);

    /// <summary>Whether a verdict on those facts holds for these. A version that could not be asked says nothing.</summary>
    public bool Holds(AccelerationFacts then) => this == then || (Qemu == 0 && this == then with { Qemu = 0 });
}
