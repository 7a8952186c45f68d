namespace Hydravisor.Libvirt;

/// <summary>The size and use of a domain.</summary>
/// <param name="State">What it is doing.</param>
/// <param name="MaxMemoryKiB">The most memory it may have, in KiB.</param>
/// <param name="MemoryKiB">The memory it has, in KiB; of an inactive domain, what the next start gives.</param>
/// <param name="Vcpus">Its virtual CPUs.</param>
/// <param name="CpuTimeNanoseconds">The CPU time it has used since its start, in nanoseconds.</param>
public readonly record struct DomainInfo(
    DomainState State,
    long MaxMemoryKiB,
    long MemoryKiB,
    int Vcpus,
    long CpuTimeNanoseconds);
