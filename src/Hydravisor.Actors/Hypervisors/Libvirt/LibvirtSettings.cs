namespace Hydravisor.Actors.Hypervisors.Libvirt;

/// <summary>Settings of a hypervisor behind libvirt.</summary>
internal sealed record LibvirtSettings
{
    /// <summary>The connection, such as <c>qemu:///system</c>.</summary>
    public required string Uri { get; init; }

    /// <summary>This node: only domains that bear its name are ever changed.</summary>
    public required string NodeName { get; init; }

    /// <summary>Where the VMs' own directories are; absolute. QEMU's user must be able to walk there.</summary>
    public required string VmsDirectory { get; init; }

    /// <summary>Where the sockets are of domains that go to another node as they run; absolute, the same on all nodes, and short.</summary>
    public string LiveDirectory { get; init; } = "/run/hydravisor/live";

    /// <summary>How long a domain may take to go to another node as it runs.</summary>
    public TimeSpan LiveLimit { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The type of the domains: <c>kvm</c>, or <c>qemu</c> for emulation.</summary>
    public required string VirtType { get; init; }

    /// <summary>The emulator's path; null: libvirt's choice.</summary>
    public string? Emulator { get; init; }

    /// <summary>The least wait before a lost connection is tried again.</summary>
    public TimeSpan ReconnectMin { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The most.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a look may take.</summary>
    public TimeSpan ReadLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a call that changes something may take. libvirt itself waits up to 30 s for a domain that another call
    /// holds, and needs up to a minute for a start where it has to look at QEMU anew.</summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Calls that may wait in one lane; more are refused.</summary>
    public int QueueMax { get; init; } = 1024;

    /// <summary>How often a booting guest's console is looked at.</summary>
    public TimeSpan ReadyPoll { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How often the guest agent is tried without news of it.</summary>
    public TimeSpan AgentPoll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the connections are looked at.</summary>
    public TimeSpan AliveCheck { get; init; } = TimeSpan.FromSeconds(30);
}
