namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>Settings of a simulated hypervisor.</summary>
/// <param name="Directory">Where it lives: the domains, the lock, the log of operations. Made where it is missing.</param>
internal sealed record SimulatedSettings(string Directory)
{
    /// <summary>Where the VMs' own directories are, with disk and <c>console.log</c>; null: under <see cref="Directory"/>.</summary>
    public string? VmsDirectory { get; init; }

    /// <summary>How guests behave whose labels say nothing else.</summary>
    public SimulatedGuest Guest { get; init; } = new(BootTime: TimeSpan.FromMilliseconds(20), FollowTime: TimeSpan.FromMilliseconds(10));

    /// <summary>How long a call takes at least: once before its effect, and once between its effect and its return.</summary>
    public TimeSpan CallDelay { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>How much longer it takes at most, each time by chance: so that a kill at any instant finds something under way.</summary>
    public TimeSpan CallDelayRandom { get; init; } = TimeSpan.FromMilliseconds(4);

    /// <summary>The seed of that chance; null: another one with each process.</summary>
    public int? Seed { get; init; }

    /// <summary>What the node is said to have.</summary>
    public Capacity Capacity { get; init; } = new(Cpus: 64, RamBytes: 256L << 30, DiskBytes: 4L << 40, DiskFreeBytes: 4L << 40);

    /// <summary>What goes wrong.</summary>
    public SimulatedFaults Faults { get; init; } = new();
}
